namespace FastStream;

/// <summary>
/// A record for which a user's function threw, as a dead-letter stream carries it. It holds texts, not the exception,
/// so that it can be saved, kept in windows and sent on.
/// </summary>
/// <typeparam name="T">The record that the operator took in.</typeparam>
/// <param name="Record">The record.</param>
/// <param name="Operator">Name of the operator's stream, as errors and listeners show it.</param>
/// <param name="ErrorType">Full name of the exception's type, such as <c>System.FormatException</c>.</param>
/// <param name="Error">The exception's message.</param>
/// <param name="Time">Time of the batch.</param>
public readonly record struct FailedRecord<T>(T Record, string Operator, string ErrorType, string Error, BatchTime Time);
