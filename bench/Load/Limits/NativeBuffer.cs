using System.Runtime.InteropServices;

namespace FastStream.Bench.Load;

/// <summary>
/// Zeroed memory outside the managed heap, on huge pages where Linux grants them: a random probe of a table of 4 MiB
/// otherwise pays for a page walk as well as for the cache miss.
/// </summary>
internal sealed unsafe partial class NativeBuffer : IDisposable
{
    /// <summary>
    /// So much may be read behind the data, so that loops can load whole vectors up to the last byte and mask what is
    /// behind it.
    /// </summary>
    public const int PaddingBytes = 64;

    private const nuint HugePageBytes = 2 << 20;
    private const int AdviseHugePage = 14;

    /// <summary>A buffer of this size plus <see cref="PaddingBytes"/>.</summary>
    public NativeBuffer(nuint byteCount)
    {
        ByteCount = byteCount;
        nuint allocated = byteCount + PaddingBytes;
        Pointer = (byte*)NativeMemory.AlignedAlloc(allocated, HugePageBytes);
        if (OperatingSystem.IsLinux() && byteCount >= HugePageBytes)
        {
            // Only a hint: the answer does not matter. It must come before the pages are touched.
            _ = Advise(Pointer, allocated, AdviseHugePage);
        }

        NativeMemory.Clear(Pointer, allocated);
    }

    /// <summary>Frees the memory if nobody called <see cref="Dispose"/>.</summary>
    ~NativeBuffer() => Free();

    /// <summary>The first byte.</summary>
    public byte* Pointer { get; private set; }

    /// <summary>The size without the padding.</summary>
    public nuint ByteCount { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint byteCount, int advice);
}
