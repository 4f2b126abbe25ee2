using System.Buffers;

namespace FastStream;

/// <summary>Passes a stream's batches to a sink.</summary>
internal sealed class SinkOutput<T>(DStream<T> stream, string operatorName, Sink<T> sink, string? name = null)
    : BatchOutput<T>(stream, operatorName, sink.WriteAsync), ISinkOutput
{
    private bool _isOpen;   // its opening has begun
    private string _name = "";
    private Func<BatchTime, bool> _isCommitted = static _ => false;

    public string? GivenName => name;

    public bool IsTransactional => sink.IsTransactional;

    public void Bind(string name, Func<BatchTime, bool> isCommitted)
    {
        _name = name;
        _isCommitted = isCommitted;
    }

    public void SavePosition(IBufferWriter<byte> output) => sink.SavePosition(output);

    public void LoadPosition(ReadOnlySpan<byte> saved) => sink.LoadPosition(saved);

    public async ValueTask PrepareAsync(BatchTime time, CancellationToken cancellationToken)
    {
        FailPoint.Pass("written");
        await sink.PrepareAsync(time, cancellationToken).ConfigureAwait(false);
        FailPoint.Pass("prepared");
    }

    public async ValueTask PublishAsync(BatchTime time, CancellationToken cancellationToken)
    {
        await sink.PublishAsync(time, cancellationToken).ConfigureAwait(false);
        FailPoint.Pass("published");
    }

    public ValueTask AbortAsync(BatchTime time, CancellationToken cancellationToken) => sink.AbortAsync(time, cancellationToken);

    internal override async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        _isOpen = true;
        await sink.OpenAsync(new SinkContext(Stream.Context, _name), cancellationToken).ConfigureAwait(false);
        if (!sink.IsTransactional)
        {
            return;
        }

        foreach (BatchTime time in (await sink.FindPreparedAsync(cancellationToken).ConfigureAwait(false)).Order())
        {
            if (_isCommitted(time))
            {
                await PublishAsync(time, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await sink.AbortAsync(time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    internal override ValueTask CloseAsync() => _isOpen ? sink.CloseAsync() : ValueTask.CompletedTask;
}
