using System.Buffers;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// The array of sorted values that all groups of one batch share, and whether it still belongs to them. Reading is safe
/// from any thread.
/// </summary>
internal sealed class GroupValues<T>(BatchTime time, int count) : IDisposable
{
    private T[]? _array = ArrayPool<T>.Shared.Rent(count);   // null once the batch is over: the array may then belong to another batch

    /// <summary>The values of all groups, and unused room after them.</summary>
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
