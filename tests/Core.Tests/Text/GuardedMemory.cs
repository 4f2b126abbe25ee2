using System.Runtime.InteropServices;

namespace FastStream.Tests.Core.Text;

/// <summary>
/// Bytes whose last one is the last of a page, before a page that nobody may read: reading past the end is a fault and
/// not luck.
/// </summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int PageBytes = 4096;

    private readonly byte* _pages;
    private readonly int _usedBytes;
    private readonly int _length;

    public GuardedMemory(int length)
    {
        _length = length;
        _usedBytes = (length + PageBytes - 1) / PageBytes * PageBytes;
        _pages = (byte*)NativeMemory.AlignedAlloc((nuint)(_usedBytes + PageBytes), PageBytes);
        Guard(noAccess: true);
    }

    public byte* Start => _pages + _usedBytes - _length;

    public Span<byte> Span => new(Start, _length);

    public void Dispose()
    {
        Guard(noAccess: false);
        NativeMemory.AlignedFree(_pages);
    }

    private void Guard(bool noAccess)
    {
        const int None = 0;
        const int ReadAndWrite = 3;
        if (OperatingSystem.IsLinux() && Protect(_pages + _usedBytes, PageBytes, noAccess ? None : ReadAndWrite) != 0)
        {
            throw new InvalidOperationException($"mprotect failed with error {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Protect(byte* address, nuint length, int protection);
}
