using System.Runtime.InteropServices;

namespace FastStream.Runtime;

/// <summary>Linux memory functions that .NET does not offer.</summary>
internal static unsafe partial class LinuxMemory
{
    /// <summary>MADV_HUGEPAGE: back the range with 2 MiB pages where possible.</summary>
    public const int HugePages = 14;

    /// <summary>MADV_DONTNEED: return the range's private pages to the system now; they read as zeros afterwards.</summary>
    public const int NotNeeded = 4;

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Advise(byte* address, nuint length, int advice);
}
