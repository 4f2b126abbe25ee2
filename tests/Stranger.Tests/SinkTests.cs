using System.Globalization;
using FastStream;

namespace Acme;

/// <summary>The ledger keeps the contract of sinks, and a program that writes to it puts every batch out once.</summary>
public sealed class LedgerTests : SinkContract<int>, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("acme-").FullName;

    private string Books => Path.Combine(_directory, "books");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public Task Ledger_AnySteps_KeepsTheContract() => CheckAsync();

    [Fact]
    public async Task Ledger_AnotherOutputFails_StartedAgain_HasEveryBatchOnce()
    {
        for (int run = 0; run < 3; run++)
        {
            await using var scenario = new StreamScenario(new StreamTestOptions
            {
                StartTime = DateTimeOffset.UnixEpoch.AddSeconds(2 * run),
                Configure = options => options with
                    { Checkpoint = new CheckpointOptions { Directory = Path.Combine(_directory, "state") } },
            });
            DStream<int> numbers = scenario.Input<int>([[10 * run], [(10 * run) + 1]]);
            numbers.WriteTo(new Ledger(Books), name: "ledger");
            numbers.ForEachBatch((batch, _) =>
            {
                if (batch.Contains(11) && !batch.IsReplay)
                {
                    throw new IOException("once");
                }
            });
            await scenario.RunAsync();
            Assert.Equal(run == 1 ? 1 : 0, scenario.Failures.Count);
        }

        Assert.Equal([0, 1, 10, 11, 20, 21], Read().Order());
        Assert.Empty(Directory.GetFiles(Books, "*.prepared"));
    }

    protected override Sink<int> NewSink() => new Ledger(Books);

    protected override IReadOnlyList<int> Read() =>
        [.. Directory.Exists(Books)
            ? Directory.GetFiles(Books, "*.txt").SelectMany(File.ReadLines).Select(line => int.Parse(line, CultureInfo.InvariantCulture))
                : []];

    protected override int Record(int number) => number;

    protected override IDisposable? Break()
    {
        Directory.Move(Books, Books + ".aside");
        return new Mended(this);
    }

    private sealed class Mended(LedgerTests tests) : IDisposable
    {
        public void Dispose() => Directory.Move(tests.Books + ".aside", tests.Books);
    }
}

/// <summary>What a sink may do wrong, each with its own sentence from the contract.</summary>
public enum SinkFault
{
    None,
    SeenTooEarly,
    LostByACrash,
    LeftByAbort,
    AbortOfNothingFails,
    FindsWhatIsPublished,
    PublishedTwice,
    SwallowsErrors,
    LosesTheEnd,
}

public sealed class SinkContractTests
{
    [Theory]
    [InlineData(SinkFault.None, null)]
    [InlineData(SinkFault.SeenTooEarly, "prepared and not published: a reader sees 5 records, and 0 are expected")]
    [InlineData(SinkFault.LostByACrash, "after a restart FindPreparedAsync gave []")]
    [InlineData(SinkFault.LeftByAbort, "too many")]
    [InlineData(SinkFault.AbortOfNothingFails, "nothing to abort")]
    [InlineData(SinkFault.FindsWhatIsPublished, "[] is expected")]
    [InlineData(SinkFault.PublishedTwice, "a batch that was published after a crash, and before it: a reader sees")]
    [InlineData(SinkFault.SwallowsErrors, "nothing was thrown")]
    [InlineData(SinkFault.LosesTheEnd, "a batch of many records: a reader sees")]
    public async Task CheckAsync_SinkWithAFault_SaysWhich(SinkFault fault, string? expected)
    {
        var server = new Server { Fault = fault };
        if (expected is null)
        {
            await server.CheckAsync();
            return;
        }

        Exception error = await Assert.ThrowsAnyAsync<Exception>(server.CheckAsync);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    /// <summary>A server with transactions, in memory.</summary>
    private sealed class Server : SinkContract<string>
    {
        private readonly Dictionary<BatchTime, string[]> _prepared = [];
        private readonly List<(BatchTime Time, string[] Records)> _published = [];
        private bool _isBroken;

        public SinkFault Fault { get; init; }

        protected override Sink<string> NewSink()
        {
            if (Fault == SinkFault.LostByACrash)
            {
                _prepared.Clear();
            }

            return new ServerSink(this);
        }

        protected override IReadOnlyList<string> Read() =>
            [.. _published.SelectMany(batch => batch.Records), .. Fault == SinkFault.SeenTooEarly
                ? _prepared.Values.SelectMany(records => records) : []];

        protected override string Record(int number) => string.Create(CultureInfo.InvariantCulture, $"record {number}");

        protected override IDisposable? Break()
        {
            _isBroken = true;
            return new Mended(this);
        }

        private sealed class Mended(Server server) : IDisposable
        {
            public void Dispose() => server._isBroken = false;
        }

        private sealed class ServerSink(Server server) : Sink<string>
        {
            private readonly Dictionary<BatchTime, string[]> _written = [];

            protected override bool IsTransactional => true;

            protected override ValueTask<IReadOnlyList<BatchTime>> FindPreparedAsync(CancellationToken cancellationToken) =>
                new([.. server.Fault == SinkFault.FindsWhatIsPublished
                    ? server._published.Select(batch => batch.Time) : server._prepared.Keys]);

            protected override ValueTask WriteAsync(Batch<string> batch, CancellationToken cancellationToken)
            {
                if (!server._isBroken)
                {
                    _written[batch.Time] = [.. batch.Take(server.Fault == SinkFault.LosesTheEnd ? 1000 : int.MaxValue)];
                }
                else if (server.Fault != SinkFault.SwallowsErrors)
                {
                    throw new IOException("the server is gone");
                }

                return ValueTask.CompletedTask;
            }

            protected override ValueTask PrepareAsync(BatchTime time, CancellationToken cancellationToken)
            {
                if (_written.Remove(time, out string[]? records))
                {
                    server._prepared.Add(time, records);
                }

                return ValueTask.CompletedTask;
            }

            protected override ValueTask PublishAsync(BatchTime time, CancellationToken cancellationToken)
            {
                if (server._prepared.Remove(time, out string[]? records))
                {
                    server._published.Add((time, records));
                }
                else if (server.Fault == SinkFault.PublishedTwice)
                {
                    server._published.Add(server._published.First(batch => batch.Time == time));
                }

                return ValueTask.CompletedTask;
            }

            protected override ValueTask AbortAsync(BatchTime time, CancellationToken cancellationToken)
            {
                bool isThere = _written.ContainsKey(time) || server._prepared.ContainsKey(time);
                if (!isThere && server.Fault == SinkFault.AbortOfNothingFails)
                {
                    throw new InvalidOperationException("nothing to abort");
                }

                if (server.Fault == SinkFault.LeftByAbort && server._prepared.Remove(time, out string[]? left))
                {
                    server._published.Add((time, left));
                }

                _written.Remove(time);
                server._prepared.Remove(time);
                return ValueTask.CompletedTask;
            }
        }
    }
}
