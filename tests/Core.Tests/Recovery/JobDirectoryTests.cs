using System.Diagnostics;
using FastStream.Tests.Core.Outputs;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>One context at a time, in this process or another, alive.</summary>
public sealed class JobDirectoryTests : IDisposable
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerDirectory = OwnerFile | UnixFileMode.UserExecute;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    // As another context does it: util-linux has a program of the same lock.
    private static bool HasFlock => File.Exists("/usr/bin/flock");

    private string Lock => _directory.File("job/lock");

    private string InUse() => Assert.Throws<InvalidOperationException>(() => JobDirectory.Take(_directory.File("job"))).Message;

    [Fact]
    public void Take_Twice_IsRefusedWithTheOwnerUntilTheFirstIsDone()
    {
        using (JobDirectory.Take(_directory.File("job")))
        {
            for (int i = 0; i < 3; i++)
            {
                Assert.StartsWith($"{_directory.File("job")} is in use by process {Environment.ProcessId}. ", InUse(),
                    StringComparison.Ordinal);
            }
        }

        JobDirectory.Take(_directory.File("job")).Dispose();
        JobDirectory.Take(_directory.File("job/")).Dispose();
    }

    [Fact]
    public void Take_NewAndOld_AreForTheOwnerOnlyOrStay()
    {
        JobDirectory.Take(_directory.File("deep/er/job/")).Dispose();
        Directory.CreateDirectory(_directory.File("old"));
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        const UnixFileMode shared = OwnerDirectory | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        File.SetUnixFileMode(_directory.File("old"), shared);
        JobDirectory.Take(_directory.File("old")).Dispose();
        Assert.Equal(OwnerDirectory, File.GetUnixFileMode(_directory.File("deep/er/job")));
        Assert.Equal(shared, File.GetUnixFileMode(_directory.File("old")));
        foreach (string file in new[] { "deep/er/job/lock", "deep/er/job/owner", "old/lock", "old/owner" })
        {
            Assert.Equal(OwnerFile, File.GetUnixFileMode(_directory.File(file)));
        }
    }

    [Theory]
    [InlineData("lock")]
    [InlineData("owner")]
    public void Take_LinkInAFilesPlace_IsRefusedAndItsTargetStays(string name)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        File.WriteAllText(_directory.File("precious"), "mine");
        File.SetUnixFileMode(_directory.File("precious"), OwnerFile | UnixFileMode.GroupRead);
        PrivateFile.MakeDirectory(_directory.File("job"));
        File.CreateSymbolicLink(_directory.File($"job/{name}"), _directory.File("precious"));
        Assert.Contains($"job/{name} is a link", InUse(), StringComparison.Ordinal);
        File.Delete(_directory.File($"job/{name}"));
        File.CreateSymbolicLink(_directory.File($"job/{name}"), _directory.File("none"));
        Assert.Contains($"job/{name} is a link", InUse(), StringComparison.Ordinal);
        Assert.False(File.Exists(_directory.File("none")));
        Assert.Equal("mine", File.ReadAllText(_directory.File("precious")));
        Assert.Equal(OwnerFile | UnixFileMode.GroupRead, File.GetUnixFileMode(_directory.File("precious")));
    }

    [Fact]
    public void Take_HardLinkOrPipeInAFilesPlace_IsRefused()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        File.WriteAllText(_directory.File("precious"), "mine");
        PrivateFile.MakeDirectory(_directory.File("job"));
        Run("/bin/ln", _directory.File("precious"), _directory.File("job/owner"));
        Assert.Contains("has another name too (a hard link)", InUse(), StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_directory.File("precious")));
        File.Delete(_directory.File("job/owner"));
        File.Delete(_directory.File("job/lock"));
        Run("/usr/bin/mkfifo", _directory.File("job/lock"));
        Assert.Contains("job/lock is no file", InUse(), StringComparison.Ordinal);

        static void Run(string program, params string[] arguments)
        {
            using Process process = Process.Start(program, arguments);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }
    }

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void Take_OthersMayWrite_IsRefused(UnixFileMode more)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        JobDirectory.Take(_directory.File("job")).Dispose();
        File.SetUnixFileMode(_directory.File("job"), OwnerDirectory | more);
        Assert.Contains("may be written to by others (its mode is ", InUse(), StringComparison.Ordinal);
        File.SetUnixFileMode(_directory.File("job"), OwnerDirectory);
        File.SetUnixFileMode(Lock, OwnerFile | more);
        Assert.Contains($"{Lock} may be written to by others", InUse(), StringComparison.Ordinal);
        File.SetUnixFileMode(Lock, OwnerFile);
        JobDirectory.Take(_directory.File("job")).Dispose();
    }

    [Fact]
    public void Take_OfAnotherOwner_IsRefused()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return;   // only the superuser can give something away
        }

        JobDirectory.Take(_directory.File("job")).Dispose();
        foreach (string path in new[] { "job", "job/lock", "job/owner" })
        {
            ChangeOwner("12345", path);
            Assert.StartsWith($"{_directory.File(path)} belongs to the user 12345, and this process runs as 0.",
                InUse(), StringComparison.Ordinal);
            ChangeOwner("0", path);
        }

        JobDirectory.Take(_directory.File("job")).Dispose();

        void ChangeOwner(string owner, string path)
        {
            using Process process = Process.Start("/bin/chown", [owner, _directory.File(path)]);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }
    }

    [Fact]
    public void Take_LinkToTheDirectory_IsFollowed()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        PrivateFile.MakeDirectory(_directory.File("elsewhere"));
        Directory.CreateSymbolicLink(_directory.File("job"), _directory.File("elsewhere"));
        JobDirectory.Take(_directory.File("job")).Dispose();
        Assert.True(File.Exists(_directory.File("elsewhere/lock")));
    }

    [Fact]
    public void Take_OwnerCannotBeWritten_SaysSoAndLetsGo()
    {
        Directory.CreateDirectory(_directory.File("job/owner"));
        Exception error = Assert.ThrowsAny<Exception>(() => JobDirectory.Take(_directory.File("job")));
        Assert.IsNotType<InvalidOperationException>(error);
        Directory.Delete(_directory.File("job/owner"));
        JobDirectory.Take(_directory.File("job")).Dispose();
    }

    [Fact]
    public void Take_FileInItsPlace_IsRefused()
    {
        File.WriteAllText(_directory.File("job"), "a file");
        Assert.ThrowsAny<IOException>(() => JobDirectory.Take(_directory.File("job")));
    }

    [Fact]
    public async Task Take_ByAnotherProcess_IsRefusedUntilThatIsKilled()
    {
        if (!HasFlock)
        {
            return;
        }

        Directory.CreateDirectory(_directory.File("job"));
        File.WriteAllText(_directory.File("job/owner"), "4711");
        var start = new ProcessStartInfo("/usr/bin/flock", ["--close", Lock, "/bin/sh", "-c", "echo locked; exec cat"])
            { RedirectStandardInput = true, RedirectStandardOutput = true };
        using Process other = Process.Start(start)!;
        Assert.Equal("locked", await other.StandardOutput.ReadLineAsync());
        Assert.Contains("is in use by process 4711.", InUse(), StringComparison.Ordinal);
        other.Kill(entireProcessTree: true);
        await other.WaitForExitAsync();
        JobDirectory.Take(_directory.File("job")).Dispose();
    }

    [Fact]
    public async Task Take_HeldHere_KeepsAnotherProcessOut()
    {
        if (!HasFlock)
        {
            return;
        }

        using (JobDirectory.Take(_directory.File("job")))
        {
            Assert.Equal(1, await TryAsync());
        }

        Assert.Equal(0, await TryAsync());

        async Task<int> TryAsync()
        {
            using Process other = Process.Start("/usr/bin/flock", ["--nonblock", Lock, "/bin/true"]);
            await other.WaitForExitAsync();
            return other.ExitCode;
        }
    }
}
