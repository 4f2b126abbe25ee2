using System.Buffers;
using FastStream.Tests.Core.Outputs;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>
/// A disk that is full, that cannot flush, that gives back something else, and a directory that goes away: an error
/// each time, and what was there before is still good.
/// </summary>
public sealed class DiskFaultTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string LogPath => _directory.File("batches-000000001.log");

    private List<byte[]> Frames() => [.. new BatchLogReader(_directory.Path, 1).Frames()];

    private static void Save(CheckpointStore store, int number, Action<IBufferWriter<byte>> write) => store.Save(number, writer =>
    {
        writer.Write("state", "s", "", write);
        return new CheckpointManifest(number, default, TimeSpan.FromSeconds(1), default, 1, new LogEnd(1, 40), 0, 0, []);
    });

    [Theory]
    [InlineData(FaultyDisk.Full)]
    [InlineData(FaultyDisk.NoFlush)]
    public void Append_DiskFails_TakesNothingMoreAndKeepsWhatWasThere(string disk)
    {
        if (!FaultyDisk.IsPossible)
        {
            return;
        }

        using BatchLog log = BatchLog.Open(_directory.Path, 1, 0);
        log.Append([1, 2, 3]);
        FaultyDisk.Put(LogPath, disk);
        IOException first = Assert.Throws<IOException>(() => log.Append([4]));
        IOException second = Assert.Throws<IOException>(() => log.Append([5]));
        Assert.Contains("cannot be written to any more", second.Message, StringComparison.Ordinal);
        Assert.Same(first, second.InnerException);
        Assert.Throws<IOException>(log.Roll);   // a torn end may stand in the last file only
        Assert.False(File.Exists(_directory.File("batches-000000002.log")));
        Assert.Equal([[1, 2, 3]], Frames());
    }

    [Fact]
    public void Roll_FileCannotBeMade_TakesNothingMore()
    {
        using BatchLog log = BatchLog.Open(_directory.Path, 1, 0);
        log.Append([1]);
        Directory.CreateDirectory(_directory.File("batches-000000002.log"));
        Assert.ThrowsAny<Exception>(log.Roll);
        Assert.Throws<IOException>(() => log.Append([2]));
        Assert.Equal([[1]], Frames());
    }

    [Fact]
    public void Append_DirectoryRemoved_SaysSo()
    {
        using var directory = new TemporaryDirectory();
        string job = directory.File("job");
        Directory.CreateDirectory(job);
        using BatchLog log = BatchLog.Open(job, 1, 0);
        log.Append([1]);
        Directory.Delete(job, recursive: true);
        Assert.Contains("was removed while it was in use", Assert.Throws<IOException>(() => log.Append([2])).Message,
            StringComparison.Ordinal);
        Assert.Throws<IOException>(log.Roll);
    }

    [Fact]
    public void Save_DirectoryRemoved_SaysSoAndMakesNone()
    {
        using var directory = new TemporaryDirectory();
        string job = directory.File("job");
        var store = new CheckpointStore(job);
        DirectoryNotFoundException error =
            Assert.Throws<DirectoryNotFoundException>(() => Save(store, 1, output => output.Write<byte>([1])));
        Assert.Contains("was removed while it was in use", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(job));
        Assert.ThrowsAny<IOException>(() => store.Numbers);
        Assert.ThrowsAny<IOException>(() => store.Load(1));
    }

    [Theory]
    [InlineData(FaultyDisk.Full)]
    [InlineData(FaultyDisk.NoFlush)]
    public void Save_DiskFails_LeavesTheOlderOneAndNothingElse(string disk)
    {
        if (!FaultyDisk.IsPossible)
        {
            return;
        }

        var store = new CheckpointStore(_directory.Path);
        Save(store, 1, output => output.Write<byte>([1, 2, 3]));
        Assert.ThrowsAny<IOException>(() => Save(store, 2, output =>
        {
            FaultyDisk.Put(_directory.File(".checkpoint-000000002.writing/data"), disk);
            output.Write(new byte[1_000_000]);
        }));
        Assert.Equal([_directory.File("checkpoint-000000001")], Directory.GetFileSystemEntries(_directory.Path));
        store.Load(1).Dispose();
        Save(store, 2, output => output.Write<byte>([4]));
        Assert.Equal([2, 1], store.Numbers);
    }

    [Fact]
    public void Save_DiskGivesOtherBytes_IsPutAside()
    {
        if (!FaultyDisk.IsPossible)
        {
            return;
        }

        var store = new CheckpointStore(_directory.Path);
        using var elsewhere = new TemporaryDirectory();
        File.WriteAllText(elsewhere.File("other"), "");
        IOException error = Assert.Throws<IOException>(() => Save(store, 1, output =>
        {
            FaultyDisk.Put(_directory.File(".checkpoint-000000001.writing/data"), elsewhere.File("other"));
            output.Write<byte>([1, 2, 3]);
        }));
        Assert.Contains("was quarantined", error.Message, StringComparison.Ordinal);
        Assert.Empty(store.Numbers);
        Assert.True(Directory.Exists(_directory.File("damaged-000000001")));
    }

    [Fact]
    public void Save_StateFails_LeavesNothing()
    {
        var store = new CheckpointStore(_directory.Path);
        Assert.Throws<FormatException>(() => Save(store, 1, _ => throw new FormatException("no")));
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
    }
}
