using System.Collections;

namespace FastStream;

/// <summary>
/// Keys with their states as of one batch: a copy, which no later batch changes. See
/// <see cref="QueryableStates.SnapshotAsync"/>.
/// </summary>
/// <remarks>
/// Dispose it if keys or states hold a <see cref="Utf8Text"/>: the texts lie in its memory, and are valid until then.
/// Otherwise disposing is not needed. Safe from any thread.
/// </remarks>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TState">The state of a key.</typeparam>
public sealed class StateSnapshot<TKey, TState> : IReadOnlyList<(TKey Key, TState State)>, IDisposable
{
    private readonly Action<IDisposable> _release;
    private readonly ArenaLease? _texts;                                 // null if there are no texts
    private IReadOnlyList<(TKey Key, TState State)>? _entries;          // null once disposed

    internal StateSnapshot(string name, BatchTime time, IReadOnlyList<(TKey Key, TState State)> entries,
        ArenaLease? texts, Action<IDisposable> release)
    {
        Name = name;
        Time = time;
        Count = entries.Count;
        _entries = entries;
        _texts = texts;
        _release = release;
    }

    /// <summary>The name of the states.</summary>
    public string Name { get; }

    /// <summary>The last batch that ran before the snapshot was taken.</summary>
    public BatchTime Time { get; }

    /// <summary>Number of keys.</summary>
    public int Count { get; }

    /// <summary>One key with its state.</summary>
    /// <exception cref="ObjectDisposedException">The snapshot was disposed.</exception>
    public (TKey Key, TState State) this[int index] => Entries[index];

    /// <summary>Enumerates the keys with their states.</summary>
    /// <exception cref="ObjectDisposedException">The snapshot was disposed.</exception>
    public IEnumerator<(TKey Key, TState State)> GetEnumerator() => Entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Returns the memory of the texts; a second call does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _entries, null) is not null)
        {
            _texts?.Dispose();
            _release(this);
        }
    }

    private IReadOnlyList<(TKey Key, TState State)> Entries
    {
        get
        {
            IReadOnlyList<(TKey Key, TState State)>? entries = Volatile.Read(ref _entries);
            ObjectDisposedException.ThrowIf(entries is null, this);
            return entries;
        }
    }
}

/// <summary>Collects copies of keys and states, with memory of their own for texts.</summary>
internal sealed class StateTexts<TKey, TState>
{
    private readonly List<(TKey Key, TState State)> _entries = [];
    private readonly TextArena _memory = new();
    private readonly ArenaLease _lease = new();

    public static bool Any => RecordTexts<TKey>.Any || RecordTexts<TState>.Any;

    public void Add(TKey key, TState state)
    {
        RecordTexts<TKey>.Copy(ref key, _memory, _lease);
        RecordTexts<TState>.Copy(ref state, _memory, _lease);
        _entries.Add((key, state));
    }

    public StateSnapshot<TKey, TState> ToSnapshot(string name, BatchTime time, Action<IDisposable> release) =>
        new(name, time, _entries, Any ? _lease : null, release);
}
