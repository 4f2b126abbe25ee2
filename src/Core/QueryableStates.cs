namespace FastStream;

/// <summary>
/// Answers questions from outside about the keyed states of a running context: those of <c>MapWithState</c>,
/// <c>UpdateStateByKey</c> and <c>RunningReduceByKey</c>, in memory or in a store.
/// </summary>
/// <remarks>
/// The context answers between two batches, so that the whole answer is as of one batch: a question waits for the batch
/// that runs, and no batch runs until the answer is complete. Each state has the name of the stream that keeps it
/// (<c>Named</c>). It costs nothing while nobody asks. Initial states are present from the first batch on. Safe from
/// any thread, but not from inside a batch, which would wait for itself: use
/// <see cref="MapWithStateStream{TKey, TState, TMapped}.StateSnapshots"/> there. The idea is Kafka Streams' interactive
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
    private readonly Lock _lock = new();                          // guards _snapshots
    private readonly HashSet<IDisposable> _snapshots = [];        // snapshots whose texts may still be read

    internal QueryableStates(ContextLifecycle life) => _life = life;

    /// <summary>The names and types of all states. States whose stream leads to no output are absent.</summary>
    /// <exception cref="InvalidOperationException">The context was not started.</exception>
    public IReadOnlyList<StateInfo> All => [.. StatesOf(_life.EngineFor("Reading states")).Select(states => states.Info)];

    /// <summary>Reads the states of one or several streams between two batches: all are as of the same batch.</summary>
    /// <example><code>
    /// (long users, long pages) = await context.States.ReadAsync(states => (states["users"].Count, states["pages"].Count));
    /// </code></example>
    /// <typeparam name="TResult">The answer.</typeparam>
    /// <param name="read">Reads; no batch runs until it returns. The caller gets what it throws, and no batch fails.</param>
    /// <param name="cancellationToken">Ends the wait for the batch that runs.</param>
    /// <exception cref="InvalidOperationException">The context was not started or has stopped, or the caller is inside
    /// a batch.</exception>
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

    /// <summary>Number of keys that have a state. States in a store cost a scan of the store.</summary>
    /// <param name="name">The states' name.</param>
    /// <param name="cancellationToken">Ends the wait for the batch that runs.</param>
    /// <exception cref="InvalidOperationException">The context was not started or has stopped, or the caller is inside
    /// a batch.</exception>
    /// <exception cref="KeyNotFoundException">No states have that name.</exception>
    public Task<long> CountAsync(string name, CancellationToken cancellationToken = default) =>
        ReadAsync(states => states[name].Count, cancellationToken);

    /// <summary>The state of one key, or none.</summary>
    /// <typeparam name="TKey">The key.</typeparam>
    /// <typeparam name="TState">The state of a key.</typeparam>
    /// <param name="name">The states' name.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait for the batch that runs.</param>
    /// <exception cref="InvalidOperationException">The context was not started or has stopped, or the caller is inside
    /// a batch.</exception>
    /// <exception cref="KeyNotFoundException">No states have that name.</exception>
    /// <exception cref="ArgumentException">The states have other types; or a state holds a <see cref="Utf8Text"/>,
    /// which needs memory to lie in: use <see cref="SnapshotAsync"/>.</exception>
    public Task<Optional<TState>> FindAsync<TKey, TState>(string name, TKey key, CancellationToken cancellationToken = default) =>
        RecordTexts<TState>.Any
        ? throw new ArgumentException(
            $"A state of type {typeof(TState)} holds a Utf8Text, which needs memory to lie in. Ask "
                + $"SnapshotAsync(\"{name}\", [key]), which has it, or make a string of it in ReadAsync.", nameof(name))
        : ReadAsync(states => states.Of<TKey, TState>(name).Find(key), cancellationToken);

    /// <summary>
    /// Copies all keys with their states, or some of them. The cost grows with the number of keys asked for; if there
    /// are many, <see cref="ReadAsync"/> needs no copy.
    /// </summary>
    /// <example><code>
    /// using StateSnapshot&lt;Utf8Text, long&gt; bytes = await context.States.SnapshotAsync&lt;Utf8Text, long&gt;("bytes by user");
    /// foreach ((Utf8Text user, long sum) in bytes) Console.WriteLine($"{user} {sum}");
    /// </code></example>
    /// <typeparam name="TKey">The key.</typeparam>
    /// <typeparam name="TState">The state of a key.</typeparam>
    /// <param name="name">The states' name.</param>
    /// <param name="keys">The keys to look up, in the order of the answer, which omits those without a state. Null for
    /// all.</param>
    /// <param name="cancellationToken">Ends the wait for the batch that runs.</param>
    /// <exception cref="InvalidOperationException">The context was not started or has stopped, or the caller is inside
    /// a batch.</exception>
    /// <exception cref="KeyNotFoundException">No states have that name.</exception>
    /// <exception cref="ArgumentException">The states have other types.</exception>
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

    // Keeps a snapshot until it is disposed: texts read from it may be in use when nobody refers to the snapshot any more.
    private void Hold<TKey, TState>(StateSnapshot<TKey, TState> snapshot)
    {
        if (StateTexts<TKey, TState>.Any)
        {
            lock (_lock)
            {
                _snapshots.Add(snapshot);
            }
        }
    }

    private void Release(IDisposable snapshot)
    {
        lock (_lock)
        {
            _snapshots.Remove(snapshot);
        }
    }
}
