using System.Buffers;

namespace FastStream.Runtime;

/// <summary>Records in the journal of their input: one entry holds the records that were stored together.</summary>
/// <remarks>
/// <code>| number of records (4 bytes) | the records |</code>
/// The journal's entries are written by the serializer: the input's <c>JournalSchema</c> is <see cref="IRecordSerializer{T}.Schema"/>.
/// </remarks>
/// <param name="journal">The journal.</param>
/// <param name="serializer">Writes and reads a record.</param>
/// <typeparam name="T">The record.</typeparam>
public sealed class JournaledRecords<T>(ReceiverJournal journal, IRecordSerializer<T> serializer)
{
    private readonly ArrayBufferWriter<byte> _entry = new();   // under the queue's lock

    /// <summary>Whether the journal's buffer has room for more entries that wait to be written.</summary>
    public bool HasRoom => journal.HasRoom;

    /// <summary>Waits until there is room.</summary>
    public ValueTask WaitForRoomAsync(CancellationToken cancellationToken) => journal.WaitForRoomAsync(cancellationToken);

    /// <summary>Completes when everything appended until now is on disk.</summary>
    public Task WhenWrittenAsync() => journal.WhenWrittenAsync();

    /// <summary>Makes the entries appended since the last cut a batch. Call it under the queue's lock.</summary>
    public void Cut() => journal.Cut();

    /// <summary>Appends records as one entry. Call it under the queue's lock.</summary>
    public void Append(ReadOnlySpan<T> records)
    {
        _entry.ResetWrittenCount();
        StateWriter.WriteInt32(_entry, records.Length);
        foreach (ref readonly T record in records)
        {
            serializer.Write(in record, _entry);
        }

        journal.Append(_entry.WrittenSpan);
    }

    /// <summary>
    /// Reads the records of entries, in order, and copies their texts. Dispose of the batch when nothing reads the
    /// records any more.
    /// </summary>
    /// <param name="entries">Entries from the journal.</param>
    /// <exception cref="InvalidDataException">An entry is not as it was written.</exception>
    public RecordInputBatch<T> Read(IReadOnlyList<ReadOnlyMemory<byte>> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var texts = new ArenaLease();
        var memory = new TextArena();
        var records = new List<T>();
        foreach (ReadOnlyMemory<byte> entry in entries)
        {
            using MemoryHandle pinned = entry.Pin();   // texts lie in it until they are copied
            ReadOnlySpan<byte> rest = entry.Span;
            int count = StateReader.ReadInt32(ref rest);
            for (int i = 0; i < count; i++)
            {
                T record = serializer.Read(ref rest);
                RecordTexts<T>.Copy(ref record, memory, texts);
                records.Add(record);
            }

            if (count < 0 || !rest.IsEmpty)
            {
                throw new InvalidDataException($"An entry of a journal has {count} records and {rest.Length} bytes after them; "
                    + $"none are expected. Start the program that wrote it, or give {typeof(T)} the serializer that it had.");
            }
        }

        return new RecordInputBatch<T>([records.ToArray()], _ => texts.Dispose());
    }
}
