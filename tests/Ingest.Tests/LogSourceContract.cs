using System.Buffers;
using FastStream.Runtime;

namespace FastStream.Tests;

/// <summary>A source with a position over a log that lies outside of the program.</summary>
public class LogSourceContract : InputContract
{
    // The log is bounded by nothing.
    protected override int Slack => -1;

    protected override bool KeepsWhatWasGiven => true;

    protected override ISourceFeed<string> CreateFeed() => new Feed();

    /// <summary>Reads a list of texts from an index on.</summary>
    internal sealed class LogSource(List<string> log, List<BatchTime> committed) : Source<string>
    {
        private const byte Version = 1;

        private int _next;   // all before it are in a batch

        protected internal override InputBatch<string> Cut(BatchTime time)
        {
            int from = _next;
            lock (log)
            {
                _next = log.Count;
            }

            return new LogBatch(log, from, _next);
        }

        protected internal override SourceLag Lag
        {
            get
            {
                lock (log)
                {
                    return new SourceLag(log.Count - _next);
                }
            }
        }

        protected internal override void SaveBatch(InputBatch<string> batch, IBufferWriter<byte> output)
        {
            var writer = new StateWriter(output);
            writer.WriteByte(Version);
            writer.WriteInt32(((LogBatch)batch).From);
            writer.WriteInt32(((LogBatch)batch).To);
        }

        protected internal override InputBatch<string> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
        {
            var reader = new StateReader(saved.Span, Version, $"batch {time} of {Context.Name}");
            int from = reader.ReadInt32();
            _next = reader.ReadInt32();
            reader.End();
            return new LogBatch(log, from, _next);
        }

        protected internal override void SavePosition(BatchTime time, IBufferWriter<byte> output)
        {
            var writer = new StateWriter(output);
            writer.WriteByte(Version);
            writer.WriteInt32(_next);
        }

        protected internal override void LoadPosition(ReadOnlySpan<byte> saved)
        {
            var reader = new StateReader(saved, Version, $"the position of {Context.Name}");
            _next = reader.ReadInt32();
            reader.End();
        }

        protected internal override void OnBatchCommitted(BatchTime time) => committed.Add(time);
    }

    private sealed class LogBatch(List<string> log, int from, int to) : InputBatch<string>
    {
        public int From => from;

        public int To => to;

        public override long RecordCount => to - from;

        public override void Run(int partition, int partitionCount, RecordBuffer<string> output)
        {
            int end = from + ((to - from) * (partition + 1) / partitionCount);
            for (int i = from + ((to - from) * partition / partitionCount); i < end; i++)
            {
                string record;
                lock (log)
                {
                    record = log[i];
                }

                output.Add(record);
            }
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class Feed : ISourceFeed<string>
    {
        private readonly List<string> _log = [];
        private readonly List<BatchTime> _committed = [];

        public IReadOnlyList<BatchTime> Committed => _committed;

        public DStream<string> Describe(StreamingContext context) => context.FromSource(new LogSource(_log, _committed));

        public Task GiveAsync(string record)
        {
            lock (_log)
            {
                _log.Add(record);
            }

            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => default;
    }
}
