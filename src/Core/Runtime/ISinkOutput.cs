using System.Buffers;

namespace FastStream.Runtime;

/// <summary>An output that has a <see cref="Sink{T}"/>, without its record type.</summary>
internal interface ISinkOutput
{
    string? GivenName { get; }

    bool IsTransactional { get; }

    /// <summary>
    /// Sets the sink's name, and a function that tells whether the log says that a batch of an earlier run is done.
    /// Called before the sink is opened.
    /// </summary>
    void Bind(string name, Func<BatchTime, bool> isCommitted);

    void SavePosition(IBufferWriter<byte> output);

    void LoadPosition(ReadOnlySpan<byte> saved);

    ValueTask PrepareAsync(BatchTime time, CancellationToken cancellationToken);

    ValueTask PublishAsync(BatchTime time, CancellationToken cancellationToken);

    ValueTask AbortAsync(BatchTime time, CancellationToken cancellationToken);
}
