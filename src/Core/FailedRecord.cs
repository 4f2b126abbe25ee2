namespace FastStream;

/// <summary>
/// A record of a dead-letter stream: a user's function threw for it. It holds the exception's texts, not the exception,
/// so that it can be saved, kept in windows and sent elsewhere.
/// </summary>
/// <typeparam name="T">The operator's input record.</typeparam>
/// <param name="Record">The record.</param>
/// <param name="Operator">Name of the operator's stream, as errors and listeners show it.</param>
/// <param name="ErrorType">Full name of the exception's type, such as <c>System.FormatException</c>.</param>
/// <param name="Error">The exception's message.</param>
/// <param name="Time">Time of the batch.</param>
public readonly record struct FailedRecord<T>(T Record, string Operator, string ErrorType, string Error, BatchTime Time);
