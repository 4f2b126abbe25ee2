using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>
/// Handles that a source reserves, one for each file that it reads at a time. When the process has reached its limit,
/// the reserve closes one of them, and the file is opened in its place. Safe from any thread.
/// </summary>
/// <remarks>
/// Another part of the program may be quicker and take the released handle. When the reserve is empty, opening waits
/// for a handle.
/// </remarks>
/// <param name="count">Number of handles to reserve.</param>
/// <param name="warn">Called once, with a message for listeners.</param>
/// <param name="open">Opens a file to read from.</param>
/// <param name="mostWaits">How many times opening waits for a tenth of a second before it fails.</param>
internal sealed class HandleReserve(int count, Action<string> warn, Func<string, SafeFileHandle> open, int mostWaits = 600) : IDisposable
{
    private const string Anything = "/dev/null";

    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();                       // guards the handles
    private readonly Stack<SafeFileHandle> _kept = new(count);
    private readonly SemaphoreSlim _returned = new(0);         // a reader closed a file
    private int _target;                                       // number to reserve; 0 before the start and after the end
    private bool _hasWarned;

    /// <summary>Number of handles in reserve now.</summary>
    public int Kept
    {
        get
        {
            lock (_lock)
            {
                return _kept.Count;
            }
        }
    }

    /// <summary>Begins to reserve handles, as far as there are any.</summary>
    public void Begin()
    {
        if (OperatingSystem.IsLinux())
        {
            _target = count;
            Refill();
        }
    }

    /// <summary>
    /// Opens a file; at the limit, in place of a reserved handle, or when another handle is returned.
    /// </summary>
    /// <exception cref="IOException">The file cannot be opened, or no handle was returned within a minute.</exception>
    public SafeFileHandle Open(string path)
    {
        for (int waits = 0; ;)
        {
            try
            {
                return open(path);
            }
            catch (IOException error) when (HandleLimit.IsReached(error))
            {
                if (TryGiveUp())
                {
                    continue;
                }

                if (waits++ == mostWaits)
                {
                    throw new IOException($"{path} cannot be opened, as the process has as many files open as it may, "
                        + $"and no handle came back. {HandleLimit.Advice}", error);
                }

                WarnOnce(path);
                _returned.Wait(Wait);
            }
        }
    }

    /// <summary>Notes that a file was closed: its handle goes back into the reserve if one is missing there.</summary>
    public void Returned()
    {
        if (_target == 0)
        {
            return;
        }

        Refill();
        if (_returned.CurrentCount == 0)
        {
            _returned.Release();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _target = 0;
            while (_kept.TryPop(out SafeFileHandle? handle))
            {
                handle.Dispose();
            }
        }
    }

    private bool TryGiveUp()
    {
        lock (_lock)
        {
            bool isKept = _kept.TryPop(out SafeFileHandle? handle);
            handle?.Dispose();
            return isKept;
        }
    }

    private void Refill()
    {
        lock (_lock)
        {
            try
            {
                while (_kept.Count < _target)
                {
                    _kept.Push(open(Anything));
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // The next closed file tries again.
            }
        }
    }

    private void WarnOnce(string path)
    {
        lock (_lock)
        {
            if (_hasWarned)
            {
                return;
            }

            _hasWarned = true;
        }

        warn($"{path} waits to be opened, as the process has as many files open as it may. {HandleLimit.Advice} This is said once.");
    }
}
