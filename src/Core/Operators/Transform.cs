using System.Runtime.CompilerServices;

namespace FastStream;

public static partial class DStreamOperators
{
    /// <summary>
    /// The stream of a function's results for every batch, also for empty ones. The batch is first gathered in one
    /// partition, in the order of its partitions, and the result is in one partition: the way to sort, to rank, or to
    /// join with a table that is read again for each batch.
    /// </summary>
    /// <example><code>
    /// var sorted = words.Transform((batch, time) => batch.Order());
    /// var known = visits.Transform((batch, time) => { var users = LoadUsers(); return batch.Where(v => users.Contains(v.User)); });
    /// </code></example>
    /// <param name="stream">The stream.</param>
    /// <param name="transform">Called once for each batch, with the batch, valid until the result has been enumerated,
    /// and its time. If it throws or returns null, the batch fails.</param>
    public static DStream<TResult> Transform<T, TResult>(this DStream<T> stream, Func<Batch<T>, BatchTime, IEnumerable<TResult>> transform)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(transform);
        return new TransformAllStream<T, TResult>(stream.Context, [stream.Gather()], (batches, time) => transform(batches[0], time));
    }

    /// <summary>
    /// As <see cref="Transform{T, TResult}(DStream{T}, Func{Batch{T}, BatchTime, IEnumerable{TResult}})"/>, without the time.
    /// </summary>
    /// <example><code>var sorted = words.Transform(batch => batch.Order());</code></example>
    public static DStream<TResult> Transform<T, TResult>(this DStream<T> stream, Func<Batch<T>, IEnumerable<TResult>> transform)
    {
        ArgumentNullException.ThrowIfNull(transform);
        return stream.Transform((batch, _) => transform(batch));
    }
}

/// <summary>
/// Collects the batch of the last parent, after those of the others have been collected. The user's function runs at the end.
/// </summary>
/// <param name="last">The batch of the last parent.</param>
/// <param name="all">The batches of all parents, including the last one.</param>
/// <param name="transform">Called while the collected batches are held.</param>
/// <param name="operatorName">For errors.</param>
/// <param name="next">Receives the results.</param>
internal sealed class TransformOperator<T, TResult>(
    GatheredBatch<T> last, IReadOnlyList<IGatheredBatch> all, Func<BatchTime, IEnumerable<TResult>?> transform,
    string operatorName, Operator<TResult> next)
    : Operator<T, TResult>(next)
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items) => last.OnRecords(items);

    public override void OnBatchEnd(BatchContext batch)
    {
        for (int i = 0; i < all.Count; i++)
        {
            all[i].Hold(batch);
        }

        try
        {
            foreach (TResult result in transform(batch.Time) ?? throw Throw.NullSequence(operatorName, batch.Time))
            {
                Output.Add(result);
            }

            base.OnBatchEnd(batch);
        }
        finally
        {
            for (int i = 0; i < all.Count; i++)
            {
                all[i].Release();
            }
        }
    }

    public override void Reset(BatchContext batch)
    {
        for (int i = 0; i < all.Count; i++)
        {
            all[i].Forget();
        }

        base.Reset(batch);
    }
}

/// <summary>The batch of one parent, of any record type.</summary>
internal interface IGatheredBatch
{
    /// <summary>Makes a batch of the collected records, for a function to read until <see cref="Release"/>.</summary>
    void Hold(BatchContext batch);

    void Release();

    /// <summary>Drops the collected records and returns their memory.</summary>
    void Forget();
}

internal sealed class GatheredBatch<T> : LastOperator<T>, IGatheredBatch
{
    private RecordBlocks<T> _gathered = new();
    private Batch<T>? _records;   // while it is held

    public Batch<T> Records => _records!;

    public override void OnRecords(ReadOnlySpan<T> items) => _gathered.Add(items);

    public override void Reset(BatchContext batch) => Forget();

    public void Hold(BatchContext batch)
    {
        _gathered.Seal();
        _records = new Batch<T>(batch, batch.Time, [_gathered]);
        _gathered = new();
    }

    public void Release()
    {
        _records!.Release();
        _records = null;
    }

    public void Forget() => _gathered.Dispose();
}
