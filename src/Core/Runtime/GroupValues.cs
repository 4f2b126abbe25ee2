using System.Buffers;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// The sorted values of one batch's groups, which all groups of a builder share: the array, and whether it is still
/// theirs. Reading is safe from any thread.
/// </summary>
internal sealed class GroupValues<T>(BatchTime time, int count) : IDisposable
{
    private T[]? _array = ArrayPool<T>.Shared.Rent(count);   // null when the batch is over: the array is another batch's

    /// <summary>The values of all groups, and room behind them.</summary>
    /// <exception cref="ObjectDisposedException">The batch is over.</exception>
    public T[] Array => Volatile.Read(ref _array) ?? throw Over();

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _array, null) is { } array)
        {
            ArrayPool<T>.Shared.Return(array, RuntimeHelpers.IsReferenceOrContainsReferences<T>());
        }
    }

    private ObjectDisposedException Over() => new(
        typeof(Group<T>).Name,
        $"The values of a group of batch {time} were given back with their batch. Read them before the output's "
            + "function (or its task) ends, keep group.ToArray(), or retain the batch.");
}
