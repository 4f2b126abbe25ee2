namespace FastStream.Testing;

/// <summary>
/// The contract of every <see cref="Sink{T}"/>: batches, empty ones and replayed ones; for a sink of two phases also
/// the order of calls, aborts and crashes.
/// </summary>
/// <remarks>
/// For the author of a sink: derive a test class from this, read the records from where they are written, and call
/// <see cref="CheckAsync"/> in a test. The sink is called as the engine calls it. To simulate a crash, the check closes
/// a sink in the middle of a batch and opens another one over the same destination.
/// </remarks>
/// <example><code>
/// public sealed class OrderTableTests : SinkContract&lt;Order&gt;
/// {
///     private readonly Database _database = new();
///     [Fact] public Task OrderTable_AnySteps_KeepsTheContract() => CheckAsync();
///     protected override Sink&lt;Order&gt; NewSink() => new OrderTable(_database);
///     protected override IReadOnlyList&lt;Order&gt; Read() => _database.AllOrders();
///     protected override Order Record(int number) => new($"order {number}", number);
/// }
/// </code></example>
/// <typeparam name="T">The record; compared by its Equals.</typeparam>
public abstract class SinkContract<T>
{
    /// <summary>Makes a sink that is not open, each time over the same destination.</summary>
    protected abstract Sink<T> NewSink();

    /// <summary>Returns all records that a reader of the destination sees now, in any order.</summary>
    protected abstract IReadOnlyList<T> Read();

    /// <summary>Makes the record with a number; different numbers give different records.</summary>
    protected abstract T Record(int number);

    /// <summary>
    /// Whether a batch that is written twice with the same time counts once; default true. A sink where it does not,
    /// such as a channel, outputs at least once.
    /// </summary>
    protected virtual bool IsIdempotent => true;

    /// <summary>
    /// Makes the destination fail until the returned object is disposed of: writing must throw meanwhile. The default
    /// returns null, and failures are not checked.
    /// </summary>
    protected virtual IDisposable? Break() => null;

    /// <summary>
    /// Runs everything that a sink may encounter, and compares what a reader sees with what is expected.
    /// </summary>
    /// <exception cref="InvalidOperationException">The sink breaks its contract; the message says where and
    /// how.</exception>
    public async Task CheckAsync()
    {
        var context = new StreamingContext(new StreamingOptions { TimeProvider = new ManualTimeProvider() });
        await using (context.ConfigureAwait(false))
        {
            var run = new SinkRun<T>(context, NewSink, Read, Record);
            await run.OpenAsync().ConfigureAwait(false);
            await run.OutputAsync("a batch", 5).ConfigureAwait(false);
            await run.OutputAsync("an empty batch", 0).ConfigureAwait(false);
            await run.OutputAsync("a batch of many records", 5000).ConfigureAwait(false);
            await run.RestartAsync().ConfigureAwait(false);
            await run.OutputAsync("a batch after a restart", 3).ConfigureAwait(false);
            if (run.IsTransactional)
            {
                await CheckPhasesAsync(run).ConfigureAwait(false);
            }
            else if (IsIdempotent)
            {
                await run.WriteAgainAsync(restarts: false).ConfigureAwait(false);
                await run.WriteAgainAsync(restarts: true).ConfigureAwait(false);
            }

            await run.BreakAsync(Break).ConfigureAwait(false);
            await run.CloseAsync().ConfigureAwait(false);
        }
    }

    private static async Task CheckPhasesAsync(SinkRun<T> run)
    {
        foreach (bool isPrepared in (bool[])[false, true])
        {
            foreach (bool restarts in (bool[])[false, true])
            {
                await run.AbortAsync(isPrepared, restarts).ConfigureAwait(false);
            }
        }

        await run.PublishAfterCrashAsync(publishedBefore: false).ConfigureAwait(false);
        await run.PublishAfterCrashAsync(publishedBefore: true).ConfigureAwait(false);
    }
}

/// <summary>Runs one sink after another over one destination, and knows what a reader of it must see.</summary>
internal sealed class SinkRun<T>(StreamingContext context, Func<Sink<T>> newSink, Func<IReadOnlyList<T>> read, Func<int, T> record)
{
    private readonly List<T> _expected = [];
    private SinkDriver<T> _sink = new(newSink(), context, "contract");
    private byte[] _position = [];
    private BatchTime _time = new(0);
    private int _next;   // number of the next record

    public bool IsTransactional => _sink.IsTransactional;

    public async Task OpenAsync()
    {
        if (_position.Length > 0)
        {
            _sink.LoadPosition(_position);
        }

        await _sink.OpenAsync(CancellationToken.None).ConfigureAwait(false);
    }

    public async Task OutputAsync(string what, int count)
    {
        T[] records = Records(count);
        await WriteAsync(Next(), records, isReplay: false).ConfigureAwait(false);
        await EndAsync(what, records).ConfigureAwait(false);
    }

    // A batch whose outcome is unknown comes again: to the same sink, or to a new one that knows nothing of the first
    // attempt.
    public async Task WriteAgainAsync(bool restarts)
    {
        T[] records = Records(4);
        BatchTime time = Next();
        await WriteAsync(time, records, isReplay: false).ConfigureAwait(false);
        if (restarts)
        {
            await ReopenAsync([]).ConfigureAwait(false);
        }
        else
        {
            SavePosition();
        }

        await WriteAsync(time, records, isReplay: true).ConfigureAwait(false);
        await EndAsync($"a batch that was written twice{(restarts ? ", before and after a crash" : "")}", records).ConfigureAwait(false);
    }

    public async Task AbortAsync(bool isPrepared, bool restarts)
    {
        string what = $"a batch that was {(isPrepared ? "prepared" : "written")} and aborted{(restarts ? " after a crash" : "")}";
        BatchTime time = Next();
        await WriteAsync(time, Records(7), isReplay: false).ConfigureAwait(false);
        if (isPrepared)
        {
            await _sink.PrepareAsync(time, CancellationToken.None).ConfigureAwait(false);
        }

        Compare($"before {what}");
        if (restarts)
        {
            await ReopenAsync(isPrepared ? [time] : []).ConfigureAwait(false);
        }

        await _sink.AbortAsync(time, CancellationToken.None).ConfigureAwait(false);
        await _sink.AbortAsync(time, CancellationToken.None).ConfigureAwait(false);   // where nothing is left to abort
        Compare($"after {what}");
        T[] records = Records(2);
        await WriteAsync(time, records, isReplay: restarts).ConfigureAwait(false);
        await EndAsync($"after {what}, and written anew", records).ConfigureAwait(false);
        await ReopenAsync([]).ConfigureAwait(false);
    }

    public async Task PublishAfterCrashAsync(bool publishedBefore)
    {
        T[] records = Records(6);
        BatchTime time = Next();
        await WriteAsync(time, records, isReplay: false).ConfigureAwait(false);
        await _sink.PrepareAsync(time, CancellationToken.None).ConfigureAwait(false);
        SavePosition();
        if (publishedBefore)
        {
            await _sink.PublishAsync(time, CancellationToken.None).ConfigureAwait(false);
            await ReopenAsync([]).ConfigureAwait(false);
        }
        else
        {
            await ReopenAsync([time]).ConfigureAwait(false);
        }

        await _sink.PublishAsync(time, CancellationToken.None).ConfigureAwait(false);
        _expected.AddRange(records);
        Compare($"a batch that was published after a crash{(publishedBefore ? ", and before it" : "")}");
        await OutputAsync("the batch after it", 2).ConfigureAwait(false);
    }

    public Task RestartAsync() => ReopenAsync([]);

    public async Task BreakAsync(Func<IDisposable?> breakPlace)
    {
        T[] records = Records(3);
        BatchTime time = Next();
        IDisposable? broken = breakPlace();
        if (broken is null)
        {
            return;
        }

        using (broken)
        {
            bool failed = false;
            try
            {
                await WriteAsync(time, records, isReplay: false).ConfigureAwait(false);
                if (IsTransactional)
                {
                    await _sink.PrepareAsync(time, CancellationToken.None).ConfigureAwait(false);
                }
            }
            catch (Exception)
            {
                failed = true;
            }

            ThrowIf(!failed, "a batch was written to a place that is broken, and nothing was thrown");
        }

        if (IsTransactional)
        {
            await _sink.AbortAsync(time, CancellationToken.None).ConfigureAwait(false);
        }

        await WriteAsync(time, records, isReplay: false).ConfigureAwait(false);
        await EndAsync("a batch that failed and was written again", records).ConfigureAwait(false);
    }

    public async Task CloseAsync()
    {
        await _sink.CloseAsync().ConfigureAwait(false);
        Compare("after the sink was closed");
    }

    // The sink is closed in the middle of its work; the next one is opened with the last stored position.
    private async Task ReopenAsync(BatchTime[] prepared)
    {
        await _sink.CloseAsync().ConfigureAwait(false);
        _sink = new SinkDriver<T>(newSink(), context, "contract");
        await OpenAsync().ConfigureAwait(false);
        IReadOnlyList<BatchTime> found = IsTransactional
            ? await _sink.FindPreparedAsync(CancellationToken.None).ConfigureAwait(false) : prepared;
        ThrowIf(
            !found.Order().SequenceEqual(prepared),
            $"after a restart FindPreparedAsync gave [{string.Join(", ", found)}]; [{string.Join(", ", prepared)}] is expected");
    }

    private async Task EndAsync(string what, T[] records)
    {
        if (IsTransactional)
        {
            Compare($"{what}, written and not published");
            await _sink.PrepareAsync(_time, CancellationToken.None).ConfigureAwait(false);
            Compare($"{what}, prepared and not published");
            SavePosition();
            await _sink.PublishAsync(_time, CancellationToken.None).ConfigureAwait(false);
        }
        else
        {
            SavePosition();
        }

        _expected.AddRange(records);
        Compare(what);
    }

    private Task WriteAsync(BatchTime time, T[] records, bool isReplay) =>
        _sink.WriteAsync(time, records, isReplay, CancellationToken.None).AsTask();

    private void SavePosition()
    {
        var writer = new System.Buffers.ArrayBufferWriter<byte>();
        _sink.SavePosition(writer);
        _position = writer.WrittenSpan.ToArray();
    }

    private BatchTime Next() => _time += TimeSpan.FromSeconds(1);

    private T[] Records(int count) => [.. Enumerable.Range(0, count).Select(_ => record(_next++))];

    private void Compare(string what)
    {
        IReadOnlyList<T> found = read();
        T[] missing = [.. Less(_expected, found)];
        T[] more = [.. Less(found, _expected)];
        ThrowIf(
            missing.Length + more.Length > 0,
            $"{what}: a reader sees {found.Count} records, and {_expected.Count} are expected; {missing.Length} are "
                + $"missing{FirstOf(missing)}, {more.Length} are too many{FirstOf(more)}");
    }

    private static string FirstOf(T[] records) => records.Length == 0 ? "" : $", such as {records[0]}";

    // Returns each record as many times as it occurs more often in the first than in the second.
    private static List<T> Less(IEnumerable<T> first, IEnumerable<T> second)
    {
        Dictionary<ValueTuple<T>, int> counts = second.GroupBy(ValueTuple.Create).ToDictionary(group => group.Key, group => group.Count());
        var left = new List<T>();
        foreach (T item in first)
        {
            int count = counts.GetValueOrDefault(ValueTuple.Create(item));
            counts[ValueTuple.Create(item)] = count - 1;
            if (count <= 0)
            {
                left.Add(item);
            }
        }

        return left;
    }

    private static void ThrowIf(bool isWrong, string what)
    {
        if (isWrong)
        {
            throw new InvalidOperationException($"The sink breaks its contract: {what}.");
        }
    }
}
