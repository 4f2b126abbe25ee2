using System.Runtime.ExceptionServices;

namespace FastStream.Testing;

/// <summary>Tests of operators in one line: batches in, operation, batches out; on a manual clock, without sleeping.</summary>
/// <example><code>
/// var result = StreamTest.Run([[1, 2, 3], [], [4]], numbers => numbers.Map(x => x * x).Reduce((a, b) => a + b));
/// Assert.Equal([[14], [], [16]], result);
/// </code></example>
/// <remarks>
/// Each run makes its own context, runs one batch for each given one (or <see cref="StreamTestOptions.BatchCount"/>),
/// stops the context and checks that no block of received bytes is still held. Runs may overlap in time.
/// </remarks>
public static class StreamTest
{
    /// <summary>Runs an operation on an input and returns the resulting records of every batch.</summary>
    /// <param name="batches">The input: one list of records for each batch interval.</param>
    /// <param name="operation">Describes the stream under test from the input.</param>
    /// <param name="options">Clock, partitions and so on; default: those of a new
    /// <see cref="StreamTestOptions"/>.</param>
    /// <returns>
    /// One entry for each batch interval; null where the stream makes no batch at that time, because its slide is
    /// longer than the interval.
    /// </returns>
    /// <exception cref="StreamingException">A batch failed.</exception>
    public static IReadOnlyList<IReadOnlyList<TOut>?> Run<TIn, TOut>(
        IReadOnlyList<IReadOnlyList<TIn>> batches, Func<DStream<TIn>, DStream<TOut>> operation, StreamTestOptions? options = null) =>
        Successful(RunAll(batches, operation, options));

    /// <summary>Runs an operation on two inputs and returns the resulting records of every batch.</summary>
    /// <inheritdoc cref="Run{TIn, TOut}"/>
    public static IReadOnlyList<IReadOnlyList<TOut>?> Run<TLeft, TRight, TOut>(
        IReadOnlyList<IReadOnlyList<TLeft>> left,
        IReadOnlyList<IReadOnlyList<TRight>> right,
        Func<DStream<TLeft>, DStream<TRight>, DStream<TOut>> operation,
        StreamTestOptions? options = null) =>
        Successful(RunAll(left, right, operation, options));

    /// <summary>
    /// As <c>Run</c>, but failed batches are part of the result instead of being thrown. With
    /// <see cref="BatchFailurePolicy.ReportAndContinue"/> the batches after a failed one run too.
    /// </summary>
    public static StreamTestResult<TOut> RunAll<TIn, TOut>(
        IReadOnlyList<IReadOnlyList<TIn>> batches, Func<DStream<TIn>, DStream<TOut>> operation, StreamTestOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(operation);
        return RunScenario(scenario => operation(scenario.Input(batches)), options);
    }

    /// <summary>
    /// As <c>Run</c> for two inputs, but failed batches are part of the result instead of being thrown.
    /// </summary>
    public static StreamTestResult<TOut> RunAll<TLeft, TRight, TOut>(
        IReadOnlyList<IReadOnlyList<TLeft>> left,
        IReadOnlyList<IReadOnlyList<TRight>> right,
        Func<DStream<TLeft>, DStream<TRight>, DStream<TOut>> operation,
        StreamTestOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        ArgumentNullException.ThrowIfNull(operation);
        return RunScenario(scenario => operation(scenario.Input(left), scenario.Input(right)), options);
    }

    // Runs on the thread pool, so that the caller's synchronization context, if there is one, plays no part.
    private static StreamTestResult<TOut> RunScenario<TOut>(Func<StreamScenario, DStream<TOut>> describe, StreamTestOptions? options) =>
        Task.Run(async () =>
        {
            var scenario = new StreamScenario(options);
            await using (scenario.ConfigureAwait(false))
            {
                RecordedOutput<TOut> output = scenario.Output(describe(scenario));
                if (!await scenario.RunAsync().ConfigureAwait(false) && scenario.Failures.Count == 0)
                {
                    // The context stopped without a failed batch, so an input failed: the completion says how.
                    await scenario.Context.Completion.ConfigureAwait(false);
                }

                return new StreamTestResult<TOut>(output.Batches, scenario.Failures);
            }
        }).GetAwaiter().GetResult();

    private static IReadOnlyList<IReadOnlyList<TOut>?> Successful<TOut>(StreamTestResult<TOut> result)
    {
        if (result.Failures.Count > 0)
        {
            ExceptionDispatchInfo.Throw(result.Failures[0]);
        }

        return result.Batches;
    }
}
