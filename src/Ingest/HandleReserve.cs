using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>
/// Handles that a source keeps back, one for each file that it reads at a time: where the process has as many open as
/// it may, one of them is given up, and the file is opened in its place. Safe from any thread.
/// </summary>
/// <remarks>Another part of the program may be quicker and take what was given up. When nothing is kept back any
/// more, opening waits for a handle.</remarks>
/// <param name="count">How many are kept back.</param>
/// <param name="warn">Gets a message for listeners, once.</param>
/// <param name="open">Opens a file to read from.</param>
/// <param name="mostWaits">How often opening waits for a tenth of a second before it fails.</param>
internal sealed class HandleReserve(int count, Action<string> warn, Func<string, SafeFileHandle> open, int mostWaits = 600) : IDisposable
{
    private const string Anything = "/dev/null";

    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();                       // guards the handles
    private readonly Stack<SafeFileHandle> _kept = new(count);
    private readonly SemaphoreSlim _returned = new(0);         // a reader closed a file
    private int _target;                                       // how many are to be kept back; 0 before the start and after the end
    private bool _hasWarned;

    /// <summary>How many are kept back now.</summary>
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

    /// <summary>Begins to keep handles back, as many as there are.</summary>
    public void Begin()
    {
        if (OperatingSystem.IsLinux())
        {
            _target = count;
            Refill();
        }
    }

    /// <summary>Opens a file; at the limit in the place of a handle that is kept back, or when another one comes back.</summary>
    /// <exception cref="IOException">It cannot be opened, or no handle came back in a minute.</exception>
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

    /// <summary>A file was closed: its handle is kept back again, where one is missing.</summary>
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
                // The next file that is closed tries again.
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
