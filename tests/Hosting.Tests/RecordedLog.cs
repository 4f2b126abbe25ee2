using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace FastStream.Tests.Hosting;

/// <summary>Keeps what jobs log; what the host logs of itself is left out.</summary>
internal sealed class RecordedLog : ILoggerProvider
{
    private readonly ConcurrentQueue<Event> _events = [];

    public IReadOnlyList<Event> Events => [.. _events];

    public ILogger CreateLogger(string categoryName) =>
        categoryName == "FastStream" ? new Logger(_events) : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public void Dispose()
    {
    }

    public sealed record Event(int Id, LogLevel Level, string Text, Exception? Error);

    private sealed class Logger(ConcurrentQueue<Event> events) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            events.Enqueue(new Event(eventId.Id, logLevel, formatter(state, exception), exception));
    }
}
