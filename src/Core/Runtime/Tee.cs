using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// Connects one stream to several consumers: each span goes to all of them, so that the operators before it run once.
/// </summary>
internal static class Tee
{
    public static Operator<T>[] Of<T>(List<Operator<T>[]> consumers)
    {
        var tees = new Operator<T>[consumers[0].Length];
        for (int partition = 0; partition < tees.Length; partition++)
        {
            tees[partition] = new TeeOperator<T>(consumers.Select(operators => operators[partition]).ToArray());
        }

        return tees;
    }
}

/// <summary>The operator of <see cref="Tee"/>.</summary>
internal sealed class TeeOperator<T>(Operator<T>[] consumers) : Operator<T>
{
    public override void OnBatchStart(BatchContext batch)
    {
        foreach (Operator<T> consumer in consumers)
        {
            consumer.OnBatchStart(batch);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public override void OnRecords(ReadOnlySpan<T> items)
    {
        foreach (Operator<T> consumer in consumers)
        {
            consumer.OnRecords(items);
        }
    }

    public override void OnBatchEnd(BatchContext batch)
    {
        foreach (Operator<T> consumer in consumers)
        {
            consumer.OnBatchEnd(batch);
        }
    }

    public override void Reset(BatchContext batch)
    {
        foreach (Operator<T> consumer in consumers)
        {
            consumer.Reset(batch);
        }
    }
}
