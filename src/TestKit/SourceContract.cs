namespace FastStream.Testing;

/// <summary>
/// The contract of every source, whatever it reads from. Derive from it, and call <see cref="CheckAllAsync"/> or single
/// checks in tests.
/// </summary>
/// <remarks>
/// A check runs the source in a context of its own on a manual clock, without sleeping. If it fails, it throws
/// <see cref="InvalidOperationException"/> with what was found and what is expected. FastStream checks its own sources
/// with it.
/// </remarks>
/// <example><code>
/// public sealed class QueueContract : SourceContract&lt;string&gt;
/// {
///     protected override ISourceFeed&lt;string&gt; CreateFeed() => QueueFeed.Make();
///
///     protected override string Record(int number) => $"record {number}";
///
///     [Fact]
///     public Task Source_KeepsItsContract() => CheckAllAsync();
/// }
/// </code></example>
/// <typeparam name="T">The record; records are compared by <see cref="EqualityComparer{T}.Default"/>.</typeparam>
public abstract class SourceContract<T>
{
    private static readonly DateTimeOffset Begin = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    /// <summary>Partitions of the contexts that the checks make.</summary>
    private const int Partitions = 3;

    /// <summary>
    /// The most records that may be held beyond <see cref="StreamingOptions.MaxBufferedRecords"/>, such as in the
    /// feed's own buffers; -1 for a source that does not count the records it holds. Default 0.
    /// </summary>
    protected virtual int Slack => 0;

    /// <summary>
    /// Whether a graceful stop takes all records given (default); if not, the last ones may still be on their way to
    /// the source.
    /// </summary>
    protected virtual bool StopTakesEverythingGiven => true;

    /// <summary>
    /// Whether the given records lie outside the program and can be read again, so that nothing is lost when the
    /// program ends before they are in a batch: true for files and logs. Default false, for sources to which records
    /// are sent.
    /// </summary>
    protected virtual bool KeepsWhatWasGiven => false;

    /// <summary>
    /// The real time within which a given record must be in a batch; after that it counts as lost. Default 1 minute.
    /// </summary>
    protected virtual TimeSpan Patience => TimeSpan.FromMinutes(1);

    /// <summary>Makes a source to which nothing was given yet, and its feed.</summary>
    protected abstract ISourceFeed<T> CreateFeed();

    /// <summary>Makes the record with a number; different numbers give different records.</summary>
    /// <param name="number">The number, from 0.</param>
    protected abstract T Record(int number);

    /// <summary>Runs all checks, one after the other.</summary>
    /// <exception cref="InvalidOperationException">The source breaks its contract; the message says how.</exception>
    public async Task CheckAllAsync()
    {
        await CheckEmptyCutsAsync().ConfigureAwait(false);
        await CheckOrderAsync().ConfigureAwait(false);
        await CheckRetryAsync().ConfigureAwait(false);
        await CheckStopAsync(StopMode.Graceful).ConfigureAwait(false);
        await CheckStopAsync(StopMode.Immediate).ConfigureAwait(false);
        await CheckStopAfterStartAsync().ConfigureAwait(false);
        await CheckBoundAsync().ConfigureAwait(false);
        await CheckCommittedAsync().ConfigureAwait(false);
        await CheckPlannedBatchAsync().ConfigureAwait(false);
        await CheckPositionAsync().ConfigureAwait(false);
    }

    /// <summary>Checks that batches are empty while nothing is given, and that each given record comes once.</summary>
    /// <exception cref="InvalidOperationException">The source breaks its contract.</exception>
    public Task CheckEmptyCutsAsync() => WithRunAsync(Options(), async (feed, run) =>
    {
        Expect([], await run.TickAsync().ConfigureAwait(false), "a batch before anything was given");
        Expect([], await run.TickAsync().ConfigureAwait(false), "a second batch before anything was given");
        await feed.GiveAsync(Record(0)).ConfigureAwait(false);
        await run.TickUntilAsync(1).ConfigureAwait(false);
        Expect([], await run.TickAsync().ConfigureAwait(false), "a batch after all that was given");
        await run.StopAsync(StopMode.Graceful).ConfigureAwait(false);
        Expect([Record(0)], run.Records, "all batches");
    });

    /// <summary>
    /// Checks that records come in the order in which they were given, over batches of different sizes, each exactly
    /// once.
    /// </summary>
    /// <exception cref="InvalidOperationException">The source breaks its contract.</exception>
    public Task CheckOrderAsync() => WithRunAsync(Options(), async (feed, run) =>
    {
        int given = 0;
        for (int batch = 0; batch < 10; batch++)
        {
            given = await GiveAsync(feed, given, batch * 50).ConfigureAwait(false);
            await run.TickAsync().ConfigureAwait(false);
        }

        await run.TickUntilAsync(given).ConfigureAwait(false);
        await run.StopAsync(StopMode.Graceful).ConfigureAwait(false);
        Expect(Given(given), run.Records, "all batches");
        RequireCounted(run, given);
    });

    /// <summary>
    /// Checks that a batch whose first attempt fails in an operator has the same records in the next attempt.
    /// </summary>
    /// <exception cref="InvalidOperationException">The source breaks its contract.</exception>
    public Task CheckRetryAsync()
    {
        int failures = 0;
        return WithRunAsync(
            Options() with { BatchRetries = 1 },
            async (feed, run) =>
            {
                int given = await GiveAsync(feed, 0, 500).ConfigureAwait(false);
                await run.TickUntilAsync(given).ConfigureAwait(false);
                await run.StopAsync(StopMode.Graceful).ConfigureAwait(false);
                Expect(Given(given), run.Records, "batches of which the first was attempted twice");
            },
            stream => stream.Map(FailFirst));

        T FailFirst(T record) =>
            Interlocked.Exchange(ref failures, 1) == 0 ? throw new IOException("The first attempt is meant to fail.") : record;
    }

    /// <summary>
    /// Checks that a stop returns all memory, and that a graceful stop processes the received records in a last batch.
    /// </summary>
    /// <param name="mode">How the context is stopped.</param>
    /// <exception cref="InvalidOperationException">The source breaks its contract.</exception>
    public Task CheckStopAsync(StopMode mode) => WithRunAsync(Options(), async (feed, run) =>
    {
        await feed.GiveAsync(Record(0)).ConfigureAwait(false);
        await run.TickUntilAsync(1).ConfigureAwait(false);
        int given = await GiveAsync(feed, 1, 100).ConfigureAwait(false);
        await run.StopAsync(mode).ConfigureAwait(false);
        bool hasAll = mode == StopMode.Graceful && StopTakesEverythingGiven;
        Expect(Given(hasAll ? given : Math.Min(given, run.Records.Count)), run.Records, "the batches until the stop");
    });

    /// <summary>Checks that a context that is stopped right after its start ends.</summary>
    /// <exception cref="InvalidOperationException">The source breaks its contract.</exception>
    public Task CheckStopAfterStartAsync() => WithRunAsync(Options(), async (_, run) =>
    {
        await run.StopAsync(StopMode.Graceful).ConfigureAwait(false);
        Expect([], run.Records, "the batches of a context that was stopped right after its start");
    });

    /// <summary>
    /// Checks that, when records come faster than batches, the source holds no more than
    /// <see cref="StreamingOptions.MaxBufferedRecords"/> plus <see cref="Slack"/>. Checks nothing with a slack of -1.
    /// </summary>
    /// <exception cref="InvalidOperationException">The source breaks its contract.</exception>
    public Task CheckBoundAsync()
    {
        const int bound = 100;
        const int total = 1000;
        return Slack < 0 ? Task.CompletedTask : WithRunAsync(Options() with { MaxBufferedRecords = bound }, async (feed, run) =>
        {
            Task giving = Task.Run(() => GiveAsync(feed, 0, total));
            await run.TickUntilAsync(total).ConfigureAwait(false);
            await giving.ConfigureAwait(false);
            await run.StopAsync(StopMode.Graceful).ConfigureAwait(false);
            Expect(Given(total), run.Records, "all batches");
            int most = run.Batches.Max(batch => batch.Count);
            Require(most <= bound + Slack, $"a batch has {most} records; MaxBufferedRecords is {bound} and the slack {Slack}");
        });
    }

    /// <summary>
    /// Checks that the source is told of each committed batch once, in the order of their times
    /// (<see cref="InputDStream{T}.OnBatchCommitted"/>). Checks nothing where the feed has no
    /// <see cref="ISourceFeed{T}.Committed"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The source breaks its contract.</exception>
    public Task CheckCommittedAsync() => WithRunAsync(Options(), async (feed, run) =>
    {
        if (feed.Committed is null)
        {
            return;
        }

        for (int batch = 0; batch < 5; batch++)
        {
            await GiveAsync(feed, batch * 10, 10).ConfigureAwait(false);
            await run.TickAsync().ConfigureAwait(false);
        }

        await run.StopAsync(StopMode.Graceful).ConfigureAwait(false);
        Require(
            feed.Committed.SequenceEqual(run.Times),
            $"the batches {string.Join(", ", feed.Committed)} were committed to it; "
            + $"{string.Join(", ", run.Times)} are expected, in this order");
    });

    /// <summary>
    /// Checks that a batch whose intent was logged and whose output failed comes again with the same records when the
    /// program restarts; records given after the restart follow it, and none comes twice.
    /// </summary>
    /// <exception cref="InvalidOperationException">The source breaks its contract.</exception>
    public Task CheckPlannedBatchAsync() => WithCheckpointsAsync(async (options, clock, feeds) =>
    {
        const int given = 2000;
        IReadOnlyList<T> failed = [];
        ISourceFeed<T> feed = NextFeed(feeds);
        var first = SourceRun<T>.Start(feed.Describe, options, clock, Patience, Fail);
        await using (first.ConfigureAwait(false))
        {
            await GiveAsync(feed, 0, given).ConfigureAwait(false);
            await first.TickUntilAsync(() => failed.Count > 0).ConfigureAwait(false);
            await first.EndAsync().ConfigureAwait(false);
        }

        clock.Jump(TimeSpan.FromSeconds(10));
        feed = NextFeed(feeds);
        var second = SourceRun<T>.Start(feed.Describe, options, clock, Patience);
        await using (second.ConfigureAwait(false))
        {
            int before = KeepsWhatWasGiven ? given : failed.Count;
            await feed.GiveAsync(Record(given)).ConfigureAwait(false);
            await second.TickUntilAsync(before + 1).ConfigureAwait(false);
            await second.StopAsync(StopMode.Graceful).ConfigureAwait(false);
            Expect(Given(before).Append(Record(given)), second.Records, "the planned batch and those behind it, after a restart");
            RequireCounted(second, before + 1);
        }

        void Fail(IReadOnlyList<T> records)
        {
            if (records.Count > 0)
            {
                failed = records;
                throw new IOException("The output is meant to fail.");
            }
        }
    });

    /// <summary>
    /// Checks that a restarted program continues behind the records that it has had: none comes twice. With
    /// <see cref="KeepsWhatWasGiven"/>, records that were given but were in no batch when the program stopped at once
    /// come in the next start.
    /// </summary>
    /// <exception cref="InvalidOperationException">The source breaks its contract.</exception>
    public Task CheckPositionAsync() => WithCheckpointsAsync(async (options, clock, feeds) =>
    {
        int given = 0;
        int had = 0;
        foreach (StopMode mode in new[] { StopMode.Graceful, StopMode.Immediate, StopMode.Graceful })
        {
            ISourceFeed<T> feed = NextFeed(feeds);
            var run = SourceRun<T>.Start(feed.Describe, options, clock, Patience);
            await using (run.ConfigureAwait(false))
            {
                for (int batch = 0; batch < 3; batch++)
                {
                    given = await GiveAsync(feed, given, 100).ConfigureAwait(false);
                    await run.TickUntilAsync(given - had).ConfigureAwait(false);
                }

                int waiting = KeepsWhatWasGiven && mode == StopMode.Immediate ? 5 : 0;
                int all = await GiveAsync(feed, given, waiting).ConfigureAwait(false);
                await run.StopAsync(mode).ConfigureAwait(false);
                Expect(Given(given).Skip(had), run.Records, "the batches between two starts");
                had = given;
                given = all;
            }

            clock.Jump(TimeSpan.FromSeconds(10));
        }
    });

    private static StreamingOptions Options() => new() { Partitions = Partitions };

    private async Task WithRunAsync(
        StreamingOptions options, Func<ISourceFeed<T>, SourceRun<T>, Task> check, Func<DStream<T>, DStream<T>>? operation = null)
    {
        ISourceFeed<T> feed = CreateFeed();
        await using (feed.ConfigureAwait(false))
        {
            var run = SourceRun<T>.Start(
                context => operation is null ? feed.Describe(context) : operation(feed.Describe(context)),
                options,
                new ManualTimeProvider(Begin),
                Patience);
            await using (run.ConfigureAwait(false))
            {
                await check(feed, run).ConfigureAwait(false);
            }
        }
    }

    // Makes a checkpoint with every batch, in a directory that is removed at the end.
    private static async Task WithCheckpointsAsync(Func<StreamingOptions, ManualTimeProvider, List<ISourceFeed<T>>, Task> check)
    {
        string directory = Directory.CreateTempSubdirectory("faststream-contract-").FullName;
        var feeds = new List<ISourceFeed<T>>();
        try
        {
            var checkpoint = new CheckpointOptions { Directory = directory, Interval = TimeSpan.FromMilliseconds(1) };
            await check(Options() with { Checkpoint = checkpoint }, new ManualTimeProvider(Begin), feeds).ConfigureAwait(false);
        }
        finally
        {
            foreach (ISourceFeed<T> feed in feeds)
            {
                await feed.DisposeAsync().ConfigureAwait(false);
            }

            Directory.Delete(directory, recursive: true);
        }
    }

    // Returns the feed for the next start of the program: all starts share what is stored outside.
    private ISourceFeed<T> NextFeed(List<ISourceFeed<T>> feeds)
    {
        if (feeds.Count == 0 || !KeepsWhatWasGiven)
        {
            feeds.Add(CreateFeed());
        }

        return feeds[^1];
    }

    private IEnumerable<T> Given(int count) => Enumerable.Range(0, count).Select(Record);

    // Gives more records; returns how many were given in total.
    private async Task<int> GiveAsync(ISourceFeed<T> feed, int given, int more)
    {
        for (int i = 0; i < more; i++)
        {
            await feed.GiveAsync(Record(given + i)).ConfigureAwait(false);
        }

        return given + more;
    }

    private static void Expect(IEnumerable<T> expected, IReadOnlyList<T> found, string where)
    {
        T[] all = [.. expected];
        for (int i = 0; i < Math.Min(all.Length, found.Count); i++)
        {
            Require(
                EqualityComparer<T>.Default.Equals(all[i], found[i]),
                $"record {i} of {where} is {found[i]}; {all[i]} is expected");
        }

        Require(
            all.Length == found.Count,
            $"{where} have {found.Count} records; {all.Length} are expected"
            + (found.Count > all.Length ? $", and {found[all.Length]} is the first too many" : ""));
    }

    private static void RequireCounted(SourceRun<T> run, int expected)
    {
        long counted = run.Context.Metrics.ProcessedRecords;
        Require(counted == expected, $"its batches counted {counted} records (InputBatch.RecordCount); {expected} are expected");
    }

    private static void Require(bool isSo, string otherwise) => SourceRun<T>.Require(isSo, otherwise);
}
