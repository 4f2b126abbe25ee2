namespace FastStream;

/// <summary>
/// A batch failed: tells which batch, in which operator or output, and why (<see cref="Exception.InnerException"/>).
/// </summary>
public sealed class StreamingException : Exception
{
    /// <summary>A failure without details.</summary>
    public StreamingException()
        : this("A batch failed.")
    {
    }

    /// <summary>A failure in words.</summary>
    public StreamingException(string message)
        : base(message)
    {
    }

    /// <summary>A failure in words, with its cause.</summary>
    public StreamingException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>A failure of one operator or output in one batch.</summary>
    public StreamingException(BatchTime time, string operatorName, Exception innerException)
        : base($"Batch {time} failed in {operatorName}: {innerException?.Message}", innerException)
    {
        BatchTime = time;
        OperatorName = operatorName;
    }

    /// <summary>A failure with an explanation of what it means.</summary>
    internal StreamingException(StreamingException failure, string meaning)
        : base($"{failure.Message}{(failure.Message.EndsWith('.') ? "" : ".")} {meaning}", failure.InnerException)
    {
        BatchTime = failure.BatchTime;
        OperatorName = failure.OperatorName;
        Origin = failure.Origin;
    }

    /// <summary>The batch that failed; null when the failure belongs to no batch.</summary>
    public BatchTime? BatchTime { get; }

    /// <summary>The operator, output or input that failed; null when unknown.</summary>
    public string? OperatorName { get; internal init; }

    /// <summary>
    /// Where the program describes that operator, output or input, such as <c>Pipeline.cs:27</c>; type and method if
    /// the assembly has no debug information beside it; null when unknown.
    /// </summary>
    public string? Origin { get; internal init; }

    /// <summary>The message with its place in the program, the cause, and the stack.</summary>
    public override string ToString()
    {
        string text = base.ToString();
        int end = text.IndexOf(Message, StringComparison.Ordinal) + Message.Length;
        return Origin is null ? text : $"{text[..end]}{Environment.NewLine}   {OperatorName} is described at {Origin}{text[end..]}";
    }
}
