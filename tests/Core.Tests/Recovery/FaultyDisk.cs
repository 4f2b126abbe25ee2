using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>
/// Makes a file that this process has open fail, as a disk does: what is written through the open handles goes to
/// another file from then on.
/// </summary>
internal static partial class FaultyDisk
{
    /// <summary>Takes no byte: writing fails for want of space.</summary>
    public const string Full = "/dev/full";

    /// <summary>Takes all bytes, and cannot bring them to a disk: the flush fails.</summary>
    public const string NoFlush = "/dev/null";

    public static bool IsPossible => OperatingSystem.IsLinux();

    /// <summary>Puts another file behind all handles to a path.</summary>
    public static void Put(string path, string other)
    {
        using SafeFileHandle replacement = File.OpenHandle(other, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        bool isFound = false;
        foreach (string link in Directory.GetFiles("/proc/self/fd"))
        {
            if (new FileInfo(link).LinkTarget == path)
            {
                isFound = true;
                Assert.True(Duplicate((int)replacement.DangerousGetHandle(), int.Parse(Path.GetFileName(link)), flags: 0x80000) >= 0);
            }
        }

        Assert.True(isFound, $"{path} is not open");
    }

    [LibraryImport("libc", EntryPoint = "dup3", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Duplicate(int from, int to, int flags);
}
