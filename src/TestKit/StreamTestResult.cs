namespace FastStream.Testing;

/// <summary>The results of a test run, including the batches that failed.</summary>
/// <param name="Batches">One entry for each batch interval: the records in order; null where the stream made no batch
/// or the batch failed.</param>
/// <param name="Failures">The batches that failed for good, in time order; each says its time, its operator and the cause.</param>
/// <typeparam name="T">The record.</typeparam>
public sealed record StreamTestResult<T>(IReadOnlyList<IReadOnlyList<T>?> Batches, IReadOnlyList<StreamingException> Failures);
