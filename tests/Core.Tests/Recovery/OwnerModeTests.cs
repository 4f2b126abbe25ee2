using System.Buffers;
using System.Runtime.InteropServices;
using FastStream.Tests.Core.Outputs;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>Files are the owner's alone, whatever the mask of the process, which is changed here: so nothing else runs beside it.</summary>
[Collection("alone")]
public sealed class OwnerModeTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Save_AnyMask_IsForTheOwnerOnly()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        uint mask = SetMask(0);
        try
        {
            new CheckpointStore(_directory.Path).Save(1, writer =>
            {
                writer.Write("state", "s0", "x", output => output.Write("1"u8));
                return new CheckpointManifest(0, new BatchTime(1000), TimeSpan.FromSeconds(1), new BatchTime(2000), 3,
                    new LogEnd(3, 100), 0, 0, []);
            });
            BatchLog.Open(_directory.Path, 1, 0).Dispose();
        }
        finally
        {
            _ = SetMask(mask);
        }

        const UnixFileMode file = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(file | UnixFileMode.UserExecute, File.GetUnixFileMode(_directory.File("checkpoint-000000001")));
        Assert.Equal(file, File.GetUnixFileMode(_directory.File("checkpoint-000000001/data")));
        Assert.Equal(file, File.GetUnixFileMode(_directory.File("checkpoint-000000001/manifest")));
        Assert.Equal(file, File.GetUnixFileMode(_directory.File("batches-000000001.log")));
    }

    [DllImport("libc", EntryPoint = "umask")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint SetMask(uint mask);
}
