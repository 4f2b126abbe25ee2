using FastStream.Tests.Core.Outputs;

namespace FastStream.Tests.State;

public sealed class FasterStoreTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Store_RandomOperations_DoAsADictionary(int seed) =>
        KeyedStoreContract.Check(new FasterStateStore
            { SegmentBytes = 1 << 20, LeastGarbageBytes = seed % 2 == 0 ? 128 << 10 : 16 << 20 }, _directory.Path, seed, steps: 120);

    [Fact]
    public void Write_ValueLargerThanAPage_SaysWhatToDo()
    {
        using KeyedStore store = new FasterStateStore
            { PageBytes = 64 << 10 }.Open(new KeyedStoreSettings { Directory = _directory.Path, Name = "s", MemoryBytes = 1 << 20 });
        var error = Assert.Throws<InvalidOperationException>(() => store.Write([1], new byte[64 << 10]));
        Assert.Contains("PageBytes", error.Message, StringComparison.Ordinal);
        store.Write([1], new byte[60 << 10]);
    }

    [Fact]
    public void Disk_Fails_SnapshotAndAllThatFollowsSaySo()
    {
        string path = Path.Combine(_directory.Path, "gone");
        Directory.CreateDirectory(path);
        using KeyedStore store =
            new FasterStateStore().Open(new KeyedStoreSettings { Directory = path, Name = "s", MemoryBytes = 1 << 20 });
        store.Write([1], [2]);
        Directory.Delete(path, recursive: true);
        Assert.ThrowsAny<IOException>(() => store.TakeSnapshot());
        Assert.ThrowsAny<IOException>(() => store.Write([1], [3]));
        Assert.ThrowsAny<IOException>(() => store.ReadAll((_, _) => { }));
    }

    /// <summary>
    /// What is written again and again leaves garbage, which is collected, so that neither the log nor the number of
    /// index files grows with the number of snapshots.
    /// </summary>
    [Fact]
    public void Log_SameKeysWrittenAgainAndAgain_StaysBounded()
    {
        using KeyedStore store = new FasterStateStore { SegmentBytes = 1 << 20, LeastGarbageBytes = 256 << 10 }
            .Open(new KeyedStoreSettings { Directory = _directory.Path, Name = "s", MemoryBytes = 1 << 20 });
        byte[] value = new byte[100];
        long largest = 0;
        for (int round = 0; round < 150; round++)
        {
            for (int key = 0; key < 1000; key++)
            {
                value[0] = (byte)round;
                store.Write(BitConverter.GetBytes(key), value);
            }

            store.Retire([store.TakeSnapshot()]);
            largest = Math.Max(largest, Directory.EnumerateFiles(_directory.Path).Sum(file => new FileInfo(file).Length));
        }

        Assert.InRange(largest, 1, 5 << 20);   // it wrote 20 MB
        Assert.InRange(Directory.EnumerateFiles(_directory.Path).Count(), 1, 16);
        int keys = 0;
        store.ReadAll((_, found) =>
        {
            Assert.Equal(149, found[0]);
            keys++;
        });
        Assert.Equal(1000, keys);
    }
}
