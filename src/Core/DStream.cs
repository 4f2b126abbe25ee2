using System.Diagnostics;

namespace FastStream;

/// <summary>A described stream of micro-batches, without its record type: what graphs, names and errors need to know of it.</summary>
/// <remarks>
/// Describing is apart from running: a stream holds functions and parents, never data. Streams are made by operators,
/// before the context starts, and do not change afterwards. The model is Spark Streaming's DStream
/// (Zaharia et al., Discretized Streams, SOSP 2013). A chain has at most 1,000 streams in a row, and some operators are made of several.
/// </remarks>
[DebuggerDisplay("{Name,nq}: stream {Id}, {PartitionCount} partitions, every {Slide}")]
public abstract class DStream
{
    /// <summary>
    /// The longest chain, counted in streams from an input on: a batch goes through it on the stack of one thread, and
    /// the smallest stacks (1.5 MB) bear about three times as many.
    /// </summary>
    internal const int MaxDepth = 1000;

    // Of the parents, asked once: asking through a chain each time would take a stack as deep as the chain.
    private readonly TimeSpan _slide;
    private readonly int _partitionCount;
    private readonly bool _parentsMakeRecords;
    private readonly bool _parentsGiveEarlier;
    private string? _name;

    private protected DStream(StreamingContext context, string operatorName, IReadOnlyList<DStream> parents)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.ThrowIfFixed($"Adding {operatorName}");
        Context = context;
        OperatorName = operatorName;
        Parents = parents;
        Id = context.NextStreamId();
        Origin = CodePlace.OfCaller();
        _slide = parents.Count > 0 ? parents[0].Slide : context.Options.BatchInterval;
        WindowsBefore = parents.Count == 0 ? 0 : parents.Max(parent => parent.WindowsUpTo);
        _parentsMakeRecords = parents.Any(parent => parent.MakesRecordsUpTo);
        _parentsGiveEarlier = parents.Any(parent => parent.GivesEarlierUpTo);
        foreach (DStream parent in parents)
        {
            if (!ReferenceEquals(parent.Context, context))
            {
                throw Throw.OtherContext(operatorName);
            }

            if (parent.Slide != parents[0].Slide)
            {
                throw Throw.OtherSlide(operatorName, parents[0].Slide, parent.Slide);
            }

            Depth = Math.Max(Depth, parent.Depth);
        }

        if (++Depth > MaxDepth)
        {
            throw Throw.ChainTooLong(operatorName, Depth, MaxDepth);
        }

        _partitionCount = parents.Count > 0 ? parents.Max(parent => parent.PartitionCount) : context.Options.Partitions;
    }

    /// <summary>The context that this stream belongs to.</summary>
    public StreamingContext Context { get; }

    /// <summary>The stream's number in its context, from 0, in the order of description.</summary>
    public int Id { get; }

    /// <summary>The word for what makes this stream, such as <c>Map</c>.</summary>
    public string OperatorName { get; }

    /// <summary>The name given by <c>Named</c>, else operator and number, such as <c>Map 3</c>.</summary>
    public string Name => GivenName ?? $"{OperatorName} {Id}";

    /// <summary>
    /// The name given by <c>Named</c>, or null. A stream described once more, with an error policy, has that of the
    /// first.
    /// </summary>
    internal string? GivenName => _name ?? Original?.GivenName;

    /// <summary>Whether the operator leaves records out for which its function throws.</summary>
    internal virtual bool IsTolerant => false;

    /// <summary>The stream that this one takes the place of, or null.</summary>
    internal virtual DStream? Original => null;

    /// <summary>Where the stream stands in the order of description.</summary>
    internal int Place => Original?.Place ?? Id;

    /// <summary>Where in the program the stream is described, such as <c>Pipeline.cs:27</c>; null where that is not known.</summary>
    public string? Origin => Original?.Origin ?? field;

    /// <summary>The streams that this one is made from.</summary>
    public IReadOnlyList<DStream> Parents { get; }

    /// <summary>Time between two batches of this stream: its parents', at an input the batch interval.</summary>
    public virtual TimeSpan Slide => _slide;

    /// <summary>
    /// Number of partitions in which this stream is processed; at least 1: that of the parent with the most, at an
    /// input the context's.
    /// </summary>
    public virtual int PartitionCount => _partitionCount;

    /// <summary>How many streams the longest way from an input to this stream has, both included.</summary>
    internal int Depth { get; }

    /// <summary>
    /// Whether all records of a key are in the partition of the key's group, so that keyed operators behind need no
    /// exchange. By itself false, which is always right; at a
    /// <see cref="DStream{T}"/> whether it has a <see cref="DStream{T}.Partitioner"/>. An operator that keeps its records'
    /// keys and partitions says what its parent says.
    /// </summary>
    public virtual bool IsPartitionedByKey => false;

    /// <summary>Whether no key comes twice in a batch of a partition, so that joins behind need no table of groups. By itself
    /// false, which is always right.</summary>
    public virtual bool HasUniqueKeys => false;

    /// <summary>Whether batches before it are in its batches.</summary>
    internal virtual bool IsWindow => false;

    /// <summary>
    /// Whether a batch of it may hold records that no record came in for: a count, all states, what a function makes of
    /// an empty batch.
    /// </summary>
    internal virtual bool MakesRecords => false;

    /// <summary>Whether this stream, or one before it, makes records of nothing.</summary>
    internal bool MakesRecordsUpTo => MakesRecords || _parentsMakeRecords;

    /// <summary>Whether its batches hold what came in earlier ones and is seen nowhere else: windows, states whose time is out.</summary>
    internal virtual bool GivesEarlier => IsWindow;

    /// <summary>Whether this stream, or one before it, gives what came earlier.</summary>
    internal bool GivesEarlierUpTo => GivesEarlier || _parentsGiveEarlier;

    /// <summary>Windows on the longest way from an input to this stream, without itself.</summary>
    internal int WindowsBefore { get; }

    /// <summary>Windows on the longest way from an input to what is behind this stream.</summary>
    internal int WindowsUpTo => WindowsBefore + (IsWindow ? 1 : 0);

    /// <summary>Whether this stream runs in the stage of its parents; false where records cross between partitions.</summary>
    internal virtual bool SharesStageWithParents => true;

    internal void SetName(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Context.ThrowIfFixed($"Naming {Name} \"{name}\"");
        if (GivenName is { } given)
        {
            throw new InvalidOperationException(
                $"The stream is named \"{given}\" already; \"{name}\" was given now. A stream has one name: leave one of the calls out.");
        }

        _name = Context.ClaimName(name);
    }

    /// <summary>The stream's name.</summary>
    public override string ToString() => Name;
}

/// <summary>A described stream of micro-batches of <typeparamref name="T"/>. Operators are extension methods, one file each.</summary>
/// <typeparam name="T">The record. Key-value streams are streams of <c>(TKey Key, TValue Value)</c>.</typeparam>
public abstract class DStream<T> : DStream
{
    /// <summary>Describes a stream made from <paramref name="parents"/>.</summary>
    /// <exception cref="InvalidOperationException">The context was started already, or the chain would have more than
    /// 1,000 streams in a row.</exception>
    /// <exception cref="ArgumentException">The parents differ in context or slide.</exception>
    protected DStream(StreamingContext context, string operatorName, params IReadOnlyList<DStream> parents)
        : base(context, operatorName, parents)
    {
    }

    /// <summary>
    /// Sends each record to the partition of its key's group, where the stream's records are in these already; else null, which is always
    /// right. An operator that keeps records or their keys where they are says its parent's, or
    /// <see cref="Partitioners.Hash{TKey, TValue}"/> where the values are others; without it every keyed operator behind exchanges the
    /// records again.
    /// </summary>
    public virtual IPartitioner<T>? Partitioner => null;

    /// <inheritdoc/>
    public override bool IsPartitionedByKey => Partitioner is not null;

    /// <summary>
    /// Connects this stream to what consumes it: makes one operator for each partition of the parent, each of which hands
    /// its records to <paramref name="outputs"/>[partition], and attaches them to the parent.
    /// </summary>
    /// <param name="graph">The graph being built.</param>
    /// <param name="outputs">One consumer for each of this stream's partitions.</param>
    protected internal abstract void Connect(GraphBuilder graph, Operator<T>[] outputs);
}
