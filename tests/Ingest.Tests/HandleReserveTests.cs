using Microsoft.Win32.SafeHandles;

namespace FastStream.Tests;

/// <summary>Handles that are kept back, in a process that may have so many open as the test says.</summary>
public sealed class HandleReserveTests : IDisposable
{
    private const int TooManyOpen = 24;   // EMFILE

    private readonly string _path = Path.GetTempFileName();
    private readonly List<SafeFileHandle> _opened = [];
    private readonly List<string> _warnings = [];
    private int _limit = int.MaxValue;

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Open_AtTheLimit_TakesTheHandleThatIsKeptBack()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using HandleReserve reserve = Reserve(2);
        reserve.Begin();
        Assert.Equal(2, reserve.Kept);
        _limit = 2;
        using (reserve.Open(_path))
        {
            Assert.Equal(1, reserve.Kept);
        }

        reserve.Returned();
        Assert.Equal(2, reserve.Kept);
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task Open_NothingIsKeptBack_WaitsForAHandle()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using HandleReserve reserve = Reserve(1);
        using SafeFileHandle other = reserve.Open(_path);
        _limit = 1;
        Task<SafeFileHandle> opening = Task.Run(() => reserve.Open(_path));
        while (_warnings.Count == 0)
        {
            await Task.Yield();
        }

        Assert.False(opening.IsCompleted);
        other.Dispose();
        reserve.Returned();
        (await opening.WaitAsync(TimeSpan.FromMinutes(2))).Dispose();
        Assert.Contains("ulimit -n", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoHandleComesBack_FailsWithTheWayOut()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using HandleReserve reserve = Reserve(1, mostWaits: 0);
        _limit = 0;
        string message = Assert.Throws<IOException>(() => reserve.Open(_path)).Message;
        Assert.Contains(_path, message, StringComparison.Ordinal);
        Assert.Contains("LimitNOFILE", message, StringComparison.Ordinal);
    }

    private HandleReserve Reserve(int count, int mostWaits = int.MaxValue) => new(count, _warnings.Add, Open, mostWaits);

    private SafeFileHandle Open(string path)
    {
        lock (_opened)
        {
            _opened.RemoveAll(handle => handle.IsClosed);
            if (_opened.Count >= _limit)
            {
                throw new IOException("Too many open files", TooManyOpen);
            }

            SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            _opened.Add(handle);
            return handle;
        }
    }
}
