using System.Runtime.InteropServices;

namespace FastStream.Runtime;

/// <summary>What Linux offers for memory beyond .NET's own.</summary>
internal static unsafe partial class LinuxMemory
{
    /// <summary>MADV_HUGEPAGE: back the range with pages of 2 MiB where it can be.</summary>
    public const int HugePages = 14;

    /// <summary>MADV_DONTNEED: the range's private pages go back to the system now, and read as zeros afterwards.</summary>
    public const int NotNeeded = 4;

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Advise(byte* address, nuint length, int advice);
}
