using System.Buffers;

namespace FastStream.Runtime;

/// <summary>An output that has a <see cref="Sink{T}"/>, whose records nobody asks for.</summary>
internal interface ISinkOutput
{
    string? GivenName { get; }

    bool IsTransactional { get; }

    /// <summary>Before it is opened: the sink's name, and whether a batch of an earlier run is written down as done.</summary>
    void Bind(string name, Func<BatchTime, bool> isCommitted);

    void SavePosition(IBufferWriter<byte> output);

    void LoadPosition(ReadOnlySpan<byte> saved);

    ValueTask PrepareAsync(BatchTime time, CancellationToken cancellationToken);

    ValueTask PublishAsync(BatchTime time, CancellationToken cancellationToken);

    ValueTask AbortAsync(BatchTime time, CancellationToken cancellationToken);
}
