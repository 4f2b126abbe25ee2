namespace FastStream.Testing;

/// <summary>A source under test and the hand that feeds it: what <see cref="SourceContract{T}"/> drives.</summary>
/// <typeparam name="T">The record.</typeparam>
public interface ISourceFeed<T> : IAsyncDisposable
{
    /// <summary>
    /// Describes the source's stream in a context. Called once, or where <see cref="SourceContract{T}.KeepsWhatWasGiven"/> once for
    /// each start of the program.
    /// </summary>
    /// <param name="context">The context.</param>
    DStream<T> Describe(StreamingContext context);

    /// <summary>Has the source's outside give it a record. The context runs.</summary>
    /// <param name="record">The record.</param>
    /// <returns>Done when the record is given away; that may wait until the source takes it.</returns>
    Task GiveAsync(T record);

    /// <summary>
    /// The batches that the source was told are committed, in the order of the calls; null (default) where the feed does not know.
    /// </summary>
    IReadOnlyList<BatchTime>? Committed => null;
}
