using System.Buffers;

namespace FastStream.Runtime;

/// <summary>An input as the scheduler sees it, without the record type.</summary>
internal interface IInputStream
{
    int Id { get; }

    string Name { get; }

    string? Origin => null;

    bool IsBackpressured { get; }

    bool HasEnded => false;

    SourceLag Lag => default;

    ValueTask StartAsync(CancellationToken cancellationToken);

    ValueTask StopAsync();

    ValueTask CloseAsync();

    InputBatch Cut(BatchTime time);

    void SaveBatch(InputBatch batch, IBufferWriter<byte> output);

    /// <summary>The batch again; an empty one where nothing was written, because the input is new in the program.</summary>
    InputBatch LoadBatch(BatchTime time, ReadOnlyMemory<byte>? saved);

    void SavePosition(BatchTime time, IBufferWriter<byte> output);

    void LoadPosition(ReadOnlySpan<byte> saved);

    void OnBatchCommitted(BatchTime time)
    {
    }

    /// <summary>Whether what it receives goes into a journal.</summary>
    bool HasJournal => false;

    /// <summary>
    /// Where the context has checkpoints: the directory for the input's journal. Called first, before <see cref="LoadPosition"/>, also
    /// for a first start.
    /// </summary>
    void UseJournal(string directory)
    {
    }

    /// <summary>No checkpoint before that of a batch is kept: what of the journal only they need may go.</summary>
    void RetireJournal(BatchTime oldestKept)
    {
    }
}
