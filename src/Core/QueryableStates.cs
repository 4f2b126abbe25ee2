namespace FastStream;

/// <summary>
/// The states of keys that a running context keeps, to be asked from outside: what <c>MapWithState</c>,
/// <c>UpdateStateByKey</c> and <c>RunningReduceByKey</c> keep, in memory or in a store.
/// </summary>
/// <remarks>
/// An answer is made between two batches, so that all of it is of one batch; no batch runs meanwhile, and a batch that
/// runs is waited for. Each state has the name of the stream that keeps it
/// (<c>Named</c>). Where nobody asks it costs nothing. Initial states are there from the first batch on. Safe from any
/// thread, but not from inside of a batch, which would wait for itself: there, use
/// <see cref="MapWithStateStream{TKey, TState, TMapped}.StateSnapshots"/>. The idea is Kafka Streams' interactive
/// queries.
/// </remarks>
/// <example><code>
/// sizeByUser.RunningReduceByKey((a, b) => a + b).Named("bytes by user").Register();
/// await context.StartAsync();
/// Optional&lt;long&gt; bytes = await context.States.FindAsync&lt;string, long&gt;("bytes by user", "ada");
/// </code></example>
public sealed class QueryableStates
{
    private readonly ContextLifecycle _life;
    private readonly Lock _lock = new();                          // guards _held
    private readonly HashSet<IDisposable> _held = [];             // snapshots whose texts somebody may still read

    internal QueryableStates(ContextLifecycle life) => _life = life;

    /// <summary>What there is: names and types. None for states whose stream leads to no output.</summary>
    /// <exception cref="InvalidOperationException">The context was not started.</exception>
    public IReadOnlyList<StateInfo> All => [.. StatesOf(_life.EngineFor("Reading states")).Select(states => states.Info)];

    /// <summary>Reads states between two batches, in one or several streams: all are those after the same batch.</summary>
    /// <example><code>
    /// (long users, long pages) = await context.States.ReadAsync(states => (states["users"].Count, states["pages"].Count));
    /// </code></example>
    /// <typeparam name="TResult">The answer.</typeparam>
    /// <param name="read">Reads; no batch runs until it returns. What it throws is thrown to the caller and harms no batch.</param>
    /// <param name="cancellationToken">Ends the wait for the batch that runs.</param>
    /// <exception cref="InvalidOperationException">The context was not started or has stopped, or the caller is inside
    /// of a batch.</exception>
    public Task<TResult> ReadAsync<TResult>(Func<StateViews, TResult> read, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(read);
        Engine engine = _life.EngineFor("Reading states");
        if (_life.IsInOwnWork)
        {
            throw new InvalidOperationException(
                "States are read between two batches, and the caller is inside of one, or in an input: it would "
                    + "wait for itself. Use StateSnapshots or join the stream of states; or ask from outside.");
        }

        return engine.BetweenBatchesAsync(
            time =>
            {
                var views = new StateViews(time, StatesOf(engine));
                try
                {
                    return read(views);
                }
                finally
                {
                    views.End();
                }
            },
            cancellationToken);
    }

    /// <summary>Number of keys that have a state. Takes a walk over the store where states are in one.</summary>
    /// <param name="name">The states' name.</param>
    /// <param name="cancellationToken">Ends the wait for the batch that runs.</param>
    /// <exception cref="InvalidOperationException">The context was not started or has stopped, or the caller is inside
    /// of a batch.</exception>
    /// <exception cref="KeyNotFoundException">There are no states of that name.</exception>
    public Task<long> CountAsync(string name, CancellationToken cancellationToken = default) =>
        ReadAsync(states => states[name].Count, cancellationToken);

    /// <summary>The state of one key; none where it has none.</summary>
    /// <typeparam name="TKey">The key.</typeparam>
    /// <typeparam name="TState">What is kept for a key.</typeparam>
    /// <param name="name">The states' name.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait for the batch that runs.</param>
    /// <exception cref="InvalidOperationException">The context was not started or has stopped, or the caller is inside
    /// of a batch.</exception>
    /// <exception cref="KeyNotFoundException">There are no states of that name.</exception>
    /// <exception cref="ArgumentException">They have other types; or a state holds a <see cref="Utf8Text"/>, which
    /// needs memory to lie in: ask <see cref="SnapshotAsync"/>.</exception>
    public Task<Optional<TState>> FindAsync<TKey, TState>(string name, TKey key, CancellationToken cancellationToken = default) =>
        RecordTexts<TState>.Any
        ? throw new ArgumentException(
            $"A state of type {typeof(TState)} holds a Utf8Text, which needs memory to lie in. Ask "
                + $"SnapshotAsync(\"{name}\", [key]), which has it, or make a string of it in ReadAsync.", nameof(name))
        : ReadAsync(states => states.Of<TKey, TState>(name).Find(key), cancellationToken);

    /// <summary>
    /// All keys with their states, or some of them, as a copy of their own. Its cost grows with what is asked for;
    /// where that is much, <see cref="ReadAsync"/> needs no copy.
    /// </summary>
    /// <example><code>
    /// using StateSnapshot&lt;Utf8Text, long&gt; bytes = await context.States.SnapshotAsync&lt;Utf8Text, long&gt;("bytes by user");
    /// foreach ((Utf8Text user, long sum) in bytes) Console.WriteLine($"{user} {sum}");
    /// </code></example>
    /// <typeparam name="TKey">The key.</typeparam>
    /// <typeparam name="TState">What is kept for a key.</typeparam>
    /// <param name="name">The states' name.</param>
    /// <param name="keys">The keys asked for, in the order of the answer; those without a state are left out of it. Null for all.</param>
    /// <param name="cancellationToken">Ends the wait for the batch that runs.</param>
    /// <exception cref="InvalidOperationException">The context was not started or has stopped, or the caller is inside
    /// of a batch.</exception>
    /// <exception cref="KeyNotFoundException">There are no states of that name.</exception>
    /// <exception cref="ArgumentException">They have other types.</exception>
    public Task<StateSnapshot<TKey, TState>> SnapshotAsync<TKey, TState>(string name,
        IReadOnlyCollection<TKey>? keys = null, CancellationToken cancellationToken = default) =>
        ReadAsync(
            states =>
            {
                var texts = new StateTexts<TKey, TState>();
                StateView<TKey, TState> view = states.Of<TKey, TState>(name);
                if (keys is null)
                {
                    view.Visit(texts.Add);
                }
                else
                {
                    foreach (TKey key in keys)
                    {
                        if (view.Find(key).TryGetValue(out TState? state))
                        {
                            texts.Add(key, state);
                        }
                    }
                }

                StateSnapshot<TKey, TState> snapshot = texts.ToSnapshot(name, states.Time, Release);
                Hold(snapshot);
                return snapshot;
            },
            cancellationToken);

    private static ReadableStates[] StatesOf(Engine engine) => [.. engine.States.Cast<ReadableStates>()];

    // A snapshot that nobody holds any more may still have given its texts away.
    private void Hold<TKey, TState>(StateSnapshot<TKey, TState> snapshot)
    {
        if (StateTexts<TKey, TState>.Any)
        {
            lock (_lock)
            {
                _held.Add(snapshot);
            }
        }
    }

    private void Release(IDisposable snapshot)
    {
        lock (_lock)
        {
            _held.Remove(snapshot);
        }
    }
}
