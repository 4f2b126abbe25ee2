using System.Buffers;
using Xunit.Abstractions;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>Batches by their records: the same again, and refused where the bytes are no batch.</summary>
public sealed class RecordedBatchTests(ITestOutputHelper output)
{
    private static byte[] Save<T>(InputBatch<T> batch, int partitions)
    {
        var writer = new ArrayBufferWriter<byte>();
        RecordedBatch.Save(batch, partitions, new RecordSerializers().Of<T>(), writer);
        return writer.WrittenSpan.ToArray();
    }

    private static InputBatch<T> Load<T>(byte[] saved)
    {
        ReadOnlyMemory<byte> rest = saved;
        _ = RecordedBatch.TakeSchema(ref rest);
        return RecordedBatch.Load(rest, new RecordSerializers().Of<T>());
    }

    private static List<T> Records<T>(InputBatch<T> batch, int partition, int partitions)
    {
        var records = new List<T>();
        var buffer = new RecordBuffer<T>(new Keeper<T>(records));
        batch.Run(partition, partitions, buffer);
        buffer.Flush();
        return records;
    }

    private static (int, Utf8Text)[] Texts(Random random, int count) =>
        Enumerable.Range(0, count).Select(i => (i, Utf8Text.Intern(Mutations.Noise(random, random.Next(40))))).ToArray();

    [Fact]
    public void Load_RandomBatches_GiveTheSameRecordsInTheSamePartitions()
    {
        Random random = RandomSource.New(output);
        for (int round = 0; round < 50; round++)
        {
            int partitions = random.Next(1, 5);
            (int, Utf8Text)[] records = Texts(random, random.Next(3) * random.Next(1500));
            var batch = new Dealt<(int, Utf8Text)>(records);
            byte[] saved = Save(batch, partitions);
            using InputBatch<(int, Utf8Text)> loaded = Load<(int, Utf8Text)>([.. saved]);
            GC.Collect(0);
            Assert.Equal(records.Length, loaded.RecordCount);
            for (int partition = 0; partition < partitions; partition++)
            {
                Assert.Equal(Records(batch, partition, partitions), Records(loaded, partition, partitions));
                Assert.Equal(Records(batch, partition, partitions), Records(loaded, partition, partitions));   // a retry
            }

            Assert.Equal(saved, Save(loaded, partitions));
        }
    }

    [Fact]
    public void TakeSchema_OfThisVersionAndAnEarlierOne_IsWhatTheRecordsAre()
    {
        ReadOnlyMemory<byte> saved = Save(new Dealt<int>([1, 2, 3]), 1);
        ReadOnlyMemory<byte> rest = saved;
        Assert.Equal("raw System.Int32", RecordedBatch.TakeSchema(ref rest));
        ReadOnlyMemory<byte> early = rest;   // what the version before wrote
        Assert.Null(RecordedBatch.TakeSchema(ref early));
        Assert.Equal(rest, early);
        using InputBatch<int> loaded = RecordedBatch.Load(early, new RecordSerializers().Of<int>());
        Assert.Equal([1, 2, 3], Records(loaded, 0, 1));
    }

    [Fact]
    public void Load_OtherNumberOfPartitions_GivesEachRecordOnce()
    {
        string?[] records = Enumerable.Range(0, 2000).Select(i => i % 7 == 0 ? null : $"record {i}").ToArray();
        byte[] saved = Save(new Dealt<string?>(records), 4);
        using InputBatch<string?> loaded = Load<string?>(saved);
        foreach (int partitions in new[] { 1, 2, 3, 4, 7 })
        {
            Assert.Equal(records.Order(),
                Enumerable.Range(0, partitions).SelectMany(partition => Records(loaded, partition, partitions)).Order());
        }
    }

    [Fact]
    public void Load_CutAnywhere_IsRefused()
    {
        byte[] saved =
            Save(new Dealt<(int, Utf8Text)>(
                [(1, Utf8Text.Intern("a text of more than 15 bytes")), (2, default), (3, Utf8Text.Intern("short"))]), 2);
        for (int length = 0; length < saved.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => Load<(int, Utf8Text)>(saved[..length]));
        }
    }

    [Fact]
    public void Load_ChangedOrRandomBytes_GiveBatchesOrAreRefused()
    {
        Random random = RandomSource.New(output);
        byte[] texts = Save(new Dealt<(int, Utf8Text)>(Texts(random, 20)), 2);
        byte[] strings = Save(new Dealt<string?>(["one", null, "three"]), 2);
        byte[] times = Save(new Dealt<DateTimeOffset>([DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue]), 2);
        byte[] objects = Save(new Dealt<Order>([new Order("book", 3), new Order("pen", 1)]), 1);
        Mutations.CheckReader(random, 5000, () => texts, bytes => Load<(int, Utf8Text)>(bytes));
        Mutations.CheckReader(random, 5000, () => strings, bytes => Load<string?>(bytes));
        Mutations.CheckReader(random, 5000, () => times, bytes => Load<DateTimeOffset>(bytes));
        Mutations.CheckReader(random, 1000, () => objects, bytes => Load<Order>(bytes));
    }

    [Fact]
    public void Load_OnlyZeros_TakesNoMemoryForThem()
    {
        byte[] zeros = new byte[1 << 20];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => Load<(decimal, decimal)>(zeros));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    private sealed record Order(string What, int Count)
    {
        public int Count { get; } = Count >= 0 ? Count : throw new ArgumentOutOfRangeException(nameof(Count));
    }

    private sealed class Dealt<T>(T[] records) : InputBatch<T>
    {
        public override void Run(int partition, int partitionCount, RecordBuffer<T> output)
        {
            for (int i = partition; i < records.Length; i += partitionCount)
            {
                output.Add(records[i]);
            }
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class Keeper<T>(List<T> records) : LastOperator<T>
    {
        public override void OnRecords(ReadOnlySpan<T> items) => records.AddRange(items);
    }
}
