using System.Buffers;
using FastStream.Runtime;

namespace FastStream.Tests.Core.Kit;

/// <summary>A source over a log that keeps the contract, and the same one with faults: the contract finds each.</summary>
public sealed class SourceContractTests
{
    public enum Fault
    {
        None,
        UsesRecordsUp,
        LosesARecord,
        GivesARecordTwice,
        TurnsOrderRound,
        MiscountsRecords,
        HoldsABlock,
        KeepsRestAtStop,
        ForgetsPosition,
        ForgetsPlannedBatch,
        TakesNoCommits,
    }

    private sealed class LogSource(List<int> log, List<BatchTime> committed, Fault fault) : Source<int>
    {
        private Block? _held;
        private int _next;

        protected internal override ValueTask StartAsync(CancellationToken cancellationToken)
        {
            if (fault == Fault.HoldsABlock)
            {
                Assert.True(Context.StreamingContext.Blocks.TryRent(out _held));
            }

            return ValueTask.CompletedTask;
        }

        protected internal override InputBatch<int> Cut(BatchTime time)
        {
            int from = _next;
            lock (log)
            {
                int kept = fault == Fault.KeepsRestAtStop ? log.Count % 100 : 0;
                _next = Math.Max(from, log.Count - kept);
            }

            return new LogBatch(log, from, _next, fault);
        }

        protected internal override void SaveBatch(InputBatch<int> batch, IBufferWriter<byte> output)
        {
            var writer = new StateWriter(output);
            writer.WriteInt32(((LogBatch)batch).From);
            writer.WriteInt32(((LogBatch)batch).To);
        }

        protected internal override InputBatch<int> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
        {
            var reader = new StateReader(saved.Span, "the batch");
            int from = reader.ReadInt32();
            int to = reader.ReadInt32();
            _next = fault == Fault.ForgetsPlannedBatch ? _next : to;
            return new LogBatch(log, from, to, fault);
        }

        protected internal override void SavePosition(BatchTime time, IBufferWriter<byte> output) =>
            new StateWriter(output).WriteInt32(_next);

        protected internal override void LoadPosition(ReadOnlySpan<byte> saved) =>
            _next = fault == Fault.ForgetsPosition ? 0 : new StateReader(saved, "the position").ReadInt32();

        protected internal override void OnBatchCommitted(BatchTime time)
        {
            if (fault != Fault.TakesNoCommits || committed.Count < 2)
            {
                committed.Add(time);
            }
        }
    }

    private sealed class LogBatch(List<int> log, int from, int to, Fault fault) : InputBatch<int>
    {
        private readonly HashSet<int> _used = [];

        public int From => from;

        public int To => to;

        public override long RecordCount => to - from + (fault == Fault.MiscountsRecords && to > from ? 1 : 0);

        public override void Run(int partition, int partitionCount, RecordBuffer<int> output)
        {
            int[] records;
            lock (log)
            {
                int begin = from + ((to - from) * partition / partitionCount);
                records = [.. log[begin..(from + ((to - from) * (partition + 1) / partitionCount))]];
            }

            lock (_used)
            {
                if (fault == Fault.UsesRecordsUp && !_used.Add(partition))
                {
                    records = [];
                }
            }

            records = fault switch
            {
                Fault.LosesARecord when records.Length > 10 => records[1..],
                Fault.GivesARecordTwice when records.Length > 10 => [records[0], .. records],
                Fault.TurnsOrderRound => [.. records.Reverse()],
                _ => records,
            };
            Array.ForEach(records, output.Add);
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class Contract(Fault fault) : SourceContract<int>
    {
        protected override int Slack => -1;

        protected override bool KeepsWhatWasGiven => true;

        // What a faulty source does not give never comes.
        protected override TimeSpan Patience => fault == Fault.None ? base.Patience : TimeSpan.FromMilliseconds(200);

        protected override ISourceFeed<int> CreateFeed() => new Feed(fault);

        protected override int Record(int number) => number + 1000;
    }

    private sealed class Feed(Fault fault) : ISourceFeed<int>
    {
        private readonly List<int> _log = [];
        private readonly List<BatchTime> _committed = [];

        public IReadOnlyList<BatchTime> Committed => _committed;

        public DStream<int> Describe(StreamingContext context) => context.FromSource(new LogSource(_log, _committed, fault));

        public Task GiveAsync(int record)
        {
            lock (_log)
            {
                _log.Add(record);
            }

            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => default;
    }

    [Fact]
    public Task CheckAll_GoodSource_Passes() => new Contract(Fault.None).CheckAllAsync();

    [Theory]
    [InlineData(Fault.LosesARecord)]
    [InlineData(Fault.GivesARecordTwice)]
    [InlineData(Fault.TurnsOrderRound)]
    [InlineData(Fault.MiscountsRecords)]
    public Task CheckOrder_FaultySource_IsFound(Fault fault) => FailsAsync(new Contract(fault).CheckOrderAsync);

    [Fact]
    public Task CheckRetry_RecordsThatAreUsedUp_IsFound() => FailsAsync(new Contract(Fault.UsesRecordsUp).CheckRetryAsync);

    [Theory]
    [InlineData(Fault.HoldsABlock)]
    [InlineData(Fault.KeepsRestAtStop)]
    public Task CheckStop_FaultySource_IsFound(Fault fault) => FailsAsync(() => new Contract(fault).CheckStopAsync(StopMode.Graceful));

    [Fact]
    public Task CheckPosition_PositionThatIsForgotten_IsFound() => FailsAsync(new Contract(Fault.ForgetsPosition).CheckPositionAsync);

    [Fact]
    public Task CheckPlannedBatch_LoadedBatchThatDoesNotMoveOn_IsFound() =>
        FailsAsync(new Contract(Fault.ForgetsPlannedBatch).CheckPlannedBatchAsync);

    [Fact]
    public Task CheckCommitted_CallsThatAreMissing_IsFound() => FailsAsync(new Contract(Fault.TakesNoCommits).CheckCommittedAsync);

    private static async Task FailsAsync(Func<Task> check)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(check);
        Assert.StartsWith("The source breaks its contract: ", error.Message, StringComparison.Ordinal);
    }
}
