using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace FastStream;

/// <summary>Cold throw methods, named by what went wrong; each message says what was found, what was expected and what to do.</summary>
internal static class Throw
{
    public static ArgumentOutOfRangeException DurationNotWholeMilliseconds(TimeSpan found, string parameter) =>
        new(parameter, found,
            $"{parameter} is {found}; a positive number of whole milliseconds is expected. Give at least TimeSpan.FromMilliseconds(1).");

    public static ArgumentOutOfRangeException OutOfRange(string name, object? found, string expected) =>
        new(name, found, $"{name} is {found}; {expected}.");

    public static InvalidOperationException NotWhile(StreamingContextState state, string action) => state switch
    {
        StreamingContextState.Initialized => new($"{action} is not possible before the context was started. Call Start or RunAsync first."),
        StreamingContextState.Active =>
            new($"{action} is not possible after starting: the context is {state}, and its graph is fixed. Describe "
            + "all streams and outputs before Start."),
        _ => new($"{action} is not possible after stopping: the context is {state}. Make a new StreamingContext."),
    };

    public static ArgumentException OtherContext(string what) =>
        new($"{what} needs streams of one context; these belong to different ones. Describe both on the same StreamingContext.");

    public static ArgumentException OtherSlide(string what, TimeSpan left, TimeSpan right) =>
        new($"{what} needs streams of the same slide; found {left} and {right}. Combine streams that make their "
            + "batches at the same times.");

    public static InvalidOperationException NoOutput() =>
        new("No output operations registered, so nothing to execute. Add an output such as Print or ForEachBatch before Start.");

    public static InvalidOperationException NullSequence(string what, BatchTime time) => NullSequence(what, $"batch {time}");

    public static InvalidOperationException NullSequence(string what) => NullSequence(what, "a record");

    private static InvalidOperationException NullSequence(string what, string given) =>
        new($"The function of {what} returned null for {given}; a sequence is expected. Return an empty one, such as [], for no records.");

    public static InvalidOperationException ChainTooLong(string operatorName, int found, int most) =>
        new($"{operatorName} would make a chain of {found} streams; at most {most} are expected, because a batch "
            + "goes through them on one thread's stack. Do several steps in one function, or bring many streams "
            + "together by one Union of their list.");

    /// <summary>Throws if the stack is nearly used up: a stack overflow would end the process.</summary>
    public static void IfStackIsLow()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new InvalidOperationException(
                "The chain of operators is too deep for the stack of this thread. Do several steps in one function, "
                + "make large record structs smaller or classes, or bring many streams together by unions of unions.");
        }
    }

    public static ArgumentException StateCannotHold(string what, Type record, Type inside) =>
        !RuntimeFeature.IsDynamicCodeSupported && inside.IsValueType && inside != typeof(Utf8Text)
        ? new($"{what} of type {record} would be kept over batches, and in a program compiled ahead of time nobody "
            + $"can see whether {inside} holds a text of the batch. Use numbers, strings, tuples of these, or a class.")
        : new($"{what} of type {record} would be kept over batches, and it holds a {inside} behind a reference, "
            + "whose memory ends with its batch. Make strings or arrays of it first: MapValues(text => text.ToString()).");

    /// <summary>Throws if the list has no streams, or contains a null.</summary>
    public static void IfNoStreams<T>(IReadOnlyList<DStream<T>> streams, string operatorName)
    {
        ArgumentNullException.ThrowIfNull(streams);
        if (streams.Count == 0)
        {
            throw new ArgumentException($"The list of streams is empty; {operatorName} needs at least one stream.", nameof(streams));
        }

        foreach (DStream<T> stream in streams)
        {
            ArgumentNullException.ThrowIfNull(stream, nameof(streams));
        }
    }
}
