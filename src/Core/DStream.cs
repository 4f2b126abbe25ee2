using System.Diagnostics;

namespace FastStream;

/// <summary>
/// The description of a stream of micro-batches, without its record type: what graphs, names and errors need to know.
/// </summary>
/// <remarks>
/// Describing is separate from running: a stream holds functions and parents, never data. Operators make streams before
/// the context starts, and a stream does not change afterwards. The model is Spark Streaming's DStream (Zaharia et al.,
/// Discretized Streams, SOSP 2013). A chain has at most 1,000 streams in a row; some operators make several.
/// </remarks>
[DebuggerDisplay("{Name,nq}: stream {Id}, {PartitionCount} partitions, every {Slide}")]
public abstract class DStream
{
    /// <summary>
    /// The longest chain, counted in streams from an input. One thread's stack holds the calls through the whole chain,
    /// and the smallest stacks (1.5 MB) hold about three times as many.
    /// </summary>
    internal const int MaxDepth = 1000;

    // Copied from the parents once: asking the parents each time would recurse through the whole chain.
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

    /// <summary>The name of the operator that makes this stream, such as <c>Map</c>.</summary>
    public string OperatorName { get; }

    /// <summary>
    /// The name given by <c>Named</c>, or else the operator's name and the stream's number, such as <c>Map 3</c>.
    /// </summary>
    public string Name => GivenName ?? $"{OperatorName} {Id}";

    /// <summary>
    /// The name given by <c>Named</c>, or null. A stream that is described again, with an error policy, has the name of
    /// the first.
    /// </summary>
    internal string? GivenName => _name ?? Original?.GivenName;

    /// <summary>Whether the operator drops records for which its function throws.</summary>
    internal virtual bool IsTolerant => false;

    /// <summary>The stream that this one replaces, or null.</summary>
    internal virtual DStream? Original => null;

    /// <summary>The stream's position in the order of description.</summary>
    internal int Place => Original?.Place ?? Id;

    /// <summary>Where the program describes the stream, such as <c>Pipeline.cs:27</c>; null if unknown.</summary>
    public string? Origin => Original?.Origin ?? field;

    /// <summary>The streams that this one is made from.</summary>
    public IReadOnlyList<DStream> Parents { get; }

    /// <summary>
    /// Time between two batches of this stream: the slide of its parents, or for an input the batch interval.
    /// </summary>
    public virtual TimeSpan Slide => _slide;

    /// <summary>
    /// Number of partitions in which this stream is processed; at least 1. It is that of the parent with the most
    /// partitions, or for an input the context's.
    /// </summary>
    public virtual int PartitionCount => _partitionCount;

    /// <summary>Number of streams on the longest path from an input to this stream, both included.</summary>
    internal int Depth { get; }

    /// <summary>
    /// Whether each record is in the partition that owns the group of its key, so that downstream keyed operators need
    /// no exchange. The default is false, which is always right; a <see cref="DStream{T}"/> answers whether it has a
    /// <see cref="DStream{T}.Partitioner"/>. An operator that keeps its records' keys and partitions answers as its
    /// parent does.
    /// </summary>
    public virtual bool IsPartitionedByKey => false;

    /// <summary>
    /// Whether each key occurs at most once in a partition of a batch, so that downstream joins need no table of
    /// groups. The default is false, which is always right.
    /// </summary>
    public virtual bool HasUniqueKeys => false;

    /// <summary>Whether its batches contain records of earlier batches.</summary>
    internal virtual bool IsWindow => false;

    /// <summary>
    /// Whether a batch of this stream may hold records without an input record: a count, all states, or what a function
    /// makes of an empty batch.
    /// </summary>
    internal virtual bool MakesRecords => false;

    /// <summary>Whether this stream, or one upstream, makes records without an input record.</summary>
    internal bool MakesRecordsUpTo => MakesRecords || _parentsMakeRecords;

    /// <summary>
    /// Whether its batches hold records of earlier batches that are seen nowhere else: windows, and states that have
    /// timed out.
    /// </summary>
    internal virtual bool GivesEarlier => IsWindow;

    /// <summary>Whether this stream, or one upstream, gives records of earlier batches.</summary>
    internal bool GivesEarlierUpTo => GivesEarlier || _parentsGiveEarlier;

    /// <summary>Number of windows on the longest path from an input to this stream, without itself.</summary>
    internal int WindowsBefore { get; }

    /// <summary>Number of windows on the longest path from an input to this stream, including itself.</summary>
    internal int WindowsUpTo => WindowsBefore + (IsWindow ? 1 : 0);

    /// <summary>Whether this stream runs in the stage of its parents; false if records cross between partitions.</summary>
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
    /// Sends each record to the partition that owns its key's group. A stream has one only if its records are in these
    /// partitions already; null is always right. An operator that leaves the keys of its records, and the records, in
    /// their partitions returns its parent's partitioner, or <see cref="Partitioners.Hash{TKey, TValue}"/> if it
    /// changes the values. Without a partitioner, every downstream keyed operator exchanges the records again.
    /// </summary>
    public virtual IPartitioner<T>? Partitioner => null;

    /// <inheritdoc/>
    public override bool IsPartitionedByKey => Partitioner is not null;

    /// <summary>
    /// Connects this stream to its consumers: makes one operator for each partition of the parent, each of which passes
    /// its records to <paramref name="outputs"/>[partition], and attaches these operators to the parent.
    /// </summary>
    /// <param name="graph">The graph being built.</param>
    /// <param name="outputs">One consumer for each of this stream's partitions.</param>
    protected internal abstract void Connect(GraphBuilder graph, Operator<T>[] outputs);
}
