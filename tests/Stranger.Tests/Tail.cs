using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using FastStream;

namespace Acme;

/// <summary>A source with a position: the lines of a file that others append to. A batch is from where to where it reads.</summary>
internal sealed class Tail(StreamingContext context, string path) : InputDStream<string>(context, "Tail")
{
    private long _position;

    /// <summary>The last batch that nobody will ask for again.</summary>
    public BatchTime? Committed { get; private set; }

    protected override InputBatch<string> Cut(BatchTime time)
    {
        long from = _position;
        byte[] bytes = Read(from, new FileInfo(path).Length);
        int end = Array.LastIndexOf(bytes, (byte)'\n') + 1;   // what has no end yet comes with the next batch
        _position += end;
        return new Lines(from, _position, bytes.AsMemory(0, end));
    }

    protected override void SaveBatch(InputBatch<string> batch, IBufferWriter<byte> output)
    {
        var lines = (Lines)batch;
        Write(output, lines.From);
        Write(output, lines.To);
    }

    protected override InputBatch<string> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
    {
        long from = BinaryPrimitives.ReadInt64LittleEndian(saved.Span);
        _position = BinaryPrimitives.ReadInt64LittleEndian(saved.Span[sizeof(long)..]);
        return new Lines(from, _position, Read(from, _position));
    }

    protected override void SavePosition(BatchTime time, IBufferWriter<byte> output) => Write(output, _position);

    protected override void LoadPosition(ReadOnlySpan<byte> saved) => _position = BinaryPrimitives.ReadInt64LittleEndian(saved);

    protected override void OnBatchCommitted(BatchTime time) => Committed = time;

    private byte[] Read(long from, long to)
    {
        using FileStream file = File.OpenRead(path);
        file.Seek(from, SeekOrigin.Begin);
        byte[] bytes = new byte[to - from];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static void Write(IBufferWriter<byte> output, long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(sizeof(long)), number);
        output.Advance(sizeof(long));
    }

    private sealed class Lines(long from, long to, ReadOnlyMemory<byte> bytes) : InputBatch<string>
    {
        public long From => from;

        public long To => to;

        public override long SizeBytes => bytes.Length;

        public override void Run(int partition, int partitionCount, RecordBuffer<string> output)
        {
            string[] lines = Encoding.UTF8.GetString(bytes.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            output.Write(lines.AsSpan()[(partition * lines.Length / partitionCount)..((partition + 1) * lines.Length / partitionCount)]);
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}

public sealed class TailTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("acme-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Tail_StartedAgain_ReadsEveryLineOnce()
    {
        string file = Path.Combine(_directory, "log");
        await File.WriteAllTextAsync(file, "");
        var found = new List<string>();
        for (int run = 0; run < 3; run++)
        {
            await using var scenario = new StreamScenario(new StreamTestOptions
            {
                Partitions = run + 1,
                StartTime = DateTimeOffset.UnixEpoch.AddSeconds(2 * run),
                Configure = options => options with
                    { Checkpoint = new CheckpointOptions { Directory = Path.Combine(_directory, "state") } },
            });
            var tail = new Tail(scenario.Context, file);
            tail.ForEachBatch((batch, _) => found.AddRange(batch));
            RecordedOutput<(string Key, long Value)> counts = scenario.Output(tail.KeyBy(_ => "all").RunningCount());
            await File.AppendAllTextAsync(file, $"{run} a\n{run} b\n{run}");
            await scenario.RunBatchesAsync(1);
            await File.AppendAllTextAsync(file, " c\n");
            await scenario.RunBatchesAsync(1);
            Assert.Equal(3 * (run + 1), counts.Batches[^1]!.Single().Value);
            Assert.Equal(scenario.BatchTimes[^1], tail.Committed);
        }

        Assert.Equal(["0 a", "0 b", "0 c", "1 a", "1 b", "1 c", "2 a", "2 b", "2 c"], found);
    }
}
