using System.Buffers;
using System.Text;
using Xunit.Abstractions;

namespace FastStream.Tests.Core.Checkpointing;

/// <summary>What the log says of batches: put together again, and refused where it makes no sense.</summary>
public sealed class BatchRecordTests(ITestOutputHelper output)
{
    private static byte[] Plan(long time, params (string Name, byte[] Saved)[] inputs)
    {
        var writer = new ArrayBufferWriter<byte>();
        BatchRecord.WritePlan(writer, new BatchTime(time), inputs.Select(input => input.Name).ToArray(),
            inputs.Select(input => new FakeInput(input.Name, input.Saved)).ToArray(),
            inputs.Select(_ => RecordInputBatch.Empty<int>()).ToArray());
        return writer.WrittenSpan.ToArray();
    }

    private static byte[] Commit(long time, Outcome outcome = Outcome.Committed) => BatchRecord.OfCommit(new BatchTime(time), outcome);

    private static List<RecoveredBatch> Collect(params byte[][] frames) => BatchRecord.Collect(frames, new BatchTime(1000));

    [Fact]
    public void Collect_PlansAndCommits_GiveBatchesInOrderWithOutcome()
    {
        List<RecoveredBatch> batches = Collect(
            Plan(1000, ("a", [9])), Commit(1000), Plan(2000, ("a", [1, 2]), ("ü", [])), Plan(3000), Commit(2000),
            Plan(4000, ("a", [3])), Commit(3000, Outcome.Aborted));
        Assert.Equal([2000, 3000, 4000], batches.Select(batch => batch.Time.Milliseconds));
        Assert.Equal([Outcome.Committed, Outcome.Aborted, Outcome.Pending], batches.Select(batch => batch.Outcome));
        Assert.Equal([1, 2], batches[0].Inputs["a"].ToArray());
        Assert.Empty(batches[0].Inputs["ü"].ToArray());
        Assert.Empty(batches[1].Inputs);
        Assert.Equal([3], batches[2].Inputs["a"].ToArray());
    }

    [Fact]
    public void Collect_OutcomeTwice_TheLastOneCounts() =>
        Assert.Equal(
            Outcome.CommittedWithoutData,
            Collect(Plan(2000, ("a", [1])), Commit(2000, Outcome.WithoutData), Plan(3000),
                Commit(2000, Outcome.CommittedWithoutData))[0].Outcome);

    [Fact]
    public void Collect_CommitWithoutPlan_IsRefused() =>
        Assert.Equal("The log has a commit record of batch 2000 ms, but no intent record.",
            Assert.Throws<InvalidDataException>(() => Collect(Commit(2000))).Message);

    [Fact]
    public void Collect_PlannedTwice_IsRefused() =>
        Assert.Equal("The log has two intent records of batch 2000 ms.",
            Assert.Throws<InvalidDataException>(() => Collect(Plan(2000), Commit(2000), Plan(2000))).Message);

    [Fact]
    public void Collect_InputTwice_IsRefused() =>
        Assert.Equal("The log has the input a twice in one batch.",
            Assert.Throws<InvalidDataException>(() => Collect(Plan(2000, ("a", [1]), ("a", [2])))).Message);

    [Fact]
    public void Collect_OtherKindOrLength_IsRefused()
    {
        byte[] outcome = Commit(2000);
        outcome[9] = 4;
        foreach (byte[] frame in new byte[][] { [], [1], [3, 0, 0, 0, 0, 0, 0, 0, 0, 0], [.. Commit(500), 0], outcome, [.. Plan(2000), 0] })
        {
            Assert.Throws<InvalidDataException>(() => Collect(frame));
        }
    }

    [Fact]
    public void Collect_PositionsOfSinks_AreThoseOfTheBatch()
    {
        var frame = new ArrayBufferWriter<byte>();
        var sinks = new SinkPositions(
            [new PlacedOutput("first", [1, 2]).Output, new PlacedOutput("none", []).Output, new PlacedOutput("zweite ü", [3]).Output]);
        BatchRecord.WriteCommit(frame, new BatchTime(2000), Outcome.Committed, sinks);
        byte[] commit = frame.WrittenSpan.ToArray();
        RecoveredBatch batch = Collect(Plan(2000), commit).Single();
        Assert.Equal(Outcome.Committed, batch.Outcome);
        Assert.Equal(["first", "zweite ü"], batch.Positions!.Keys);
        Assert.Equal([1, 2], batch.Positions["first"].ToArray());
        Assert.Equal([3], batch.Positions["zweite ü"].ToArray());
        for (int length = 0; length < commit.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => Collect(Plan(2000), commit[..length]));
        }
    }

    [Fact]
    public void WriteCommit_NoSinkHasAPosition_IsAsBefore()
    {
        var frame = new ArrayBufferWriter<byte>();
        BatchRecord.WriteCommit(frame, new BatchTime(2000), Outcome.Aborted, new SinkPositions([new PlacedOutput("none", []).Output]));
        Assert.Equal(Commit(2000, Outcome.Aborted), frame.WrittenSpan.ToArray());
    }

    private sealed class PlacedOutput(string name, byte[] position) : Sink<int>
    {
        public OutputOperation Output => new ManualStream<int>(new StreamingContext(TimeSpan.FromSeconds(1))).WriteTo(this, name: name);

        protected internal override ValueTask WriteAsync(Batch<int> batch, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        protected internal override void SavePosition(IBufferWriter<byte> output) => output.Write(position);
    }

    [Fact]
    public void Collect_CutAnywhere_IsRefused()
    {
        byte[] plan = Plan(2000, ("first", [1, 2, 3]), ("second", [4, 5]));
        for (int length = 0; length < plan.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => Collect(plan[..length]));
        }
    }

    [Fact]
    public void Collect_ChangedOrRandomBytes_GiveBatchesOrAreRefused()
    {
        Random random = RandomSource.New(output);
        byte[][] frames = [Plan(2000, ("first", [1, 2, 3]), ("second", [])), Commit(2000),
            Plan(3000, ("first", Encoding.UTF8.GetBytes("some records of a batch")))];
        Mutations.CheckReader(random, 20_000, () => frames[random.Next(frames.Length)],
            bytes => BatchRecord.Collect([frames[0], bytes], new BatchTime(1000)));
    }

    private sealed class FakeInput(string name, byte[] saved) : IInputStream
    {
        public int Id => 0;

        public string Name => name;

        public bool IsBackpressured => false;

        public ValueTask StartAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask StopAsync() => ValueTask.CompletedTask;

        public ValueTask CloseAsync() => ValueTask.CompletedTask;

        public InputBatch Cut(BatchTime time) => RecordInputBatch.Empty<int>();

        public void SaveBatch(InputBatch batch, IBufferWriter<byte> output) => output.Write(saved);

        public InputBatch LoadBatch(BatchTime time, ReadOnlyMemory<byte>? saved) => RecordInputBatch.Empty<int>();

        public void SavePosition(BatchTime time, IBufferWriter<byte> output)
        {
        }

        public void LoadPosition(ReadOnlySpan<byte> saved)
        {
        }
    }
}
