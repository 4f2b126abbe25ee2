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

    /// <summary>Rebuilds the batch; an empty one where nothing was logged because the input is new in the program.</summary>
    InputBatch LoadBatch(BatchTime time, ReadOnlyMemory<byte>? saved);

    void SavePosition(BatchTime time, IBufferWriter<byte> output);

    void LoadPosition(ReadOnlySpan<byte> saved);

    void OnBatchCommitted(BatchTime time)
    {
    }

    /// <summary>Whether the input writes what it receives into a journal.</summary>
    bool HasJournal => false;

    /// <summary>
    /// Sets the directory of the input's journal, where the context has checkpoints. Called first, before
    /// <see cref="LoadPosition"/>, also on a first start.
    /// </summary>
    void UseJournal(string directory)
    {
    }

    /// <summary>
    /// Deletes the parts of the journal that only checkpoints before that of a batch need: those checkpoints are no
    /// longer kept.
    /// </summary>
    void RetireJournal(BatchTime oldestKept)
    {
    }
}
