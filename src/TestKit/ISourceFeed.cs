namespace FastStream.Testing;

/// <summary>A source under test together with its feed, as <see cref="SourceContract{T}"/> needs it.</summary>
/// <typeparam name="T">The record.</typeparam>
public interface ISourceFeed<T> : IAsyncDisposable
{
    /// <summary>
    /// Describes the source's stream in a context. Called once; with <see cref="SourceContract{T}.KeepsWhatWasGiven"/>,
    /// once for each start of the program.
    /// </summary>
    /// <param name="context">The context.</param>
    DStream<T> Describe(StreamingContext context);

    /// <summary>Gives the source a record from outside. The context is running.</summary>
    /// <param name="record">The record.</param>
    /// <returns>Completes when the record has been sent; it may wait until the source takes it.</returns>
    Task GiveAsync(T record);

    /// <summary>
    /// The batches whose commits the source was told of, in the order of the calls; null (default) where the feed does
    /// not know.
    /// </summary>
    IReadOnlyList<BatchTime>? Committed => null;
}
