using Confluent.Kafka;

namespace FastStream;

/// <summary>Copies keys and values once, from the client's memory into a block. For one reading thread.</summary>
/// <remarks>
/// For each record the client calls it for the key first, then for the value. A record lies whole in one block.
/// </remarks>
internal sealed class RecordCopier(BlockPool pool) : IDeserializer<CopiedKey>, IDeserializer<CopiedValue>, IDisposable
{
    private Block? _block;
    private int _next;             // start of the free bytes
    private RawRecord _record;     // the record in progress

    /// <summary>The block of the last record made.</summary>
    public Block Block => _block ??= pool.Rent();

    CopiedKey IDeserializer<CopiedKey>.Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
    {
        _record = new RawRecord { Start = _next, KeyLength = isNull ? -1 : data.Length };
        Copy(data);
        return default;
    }

    CopiedValue IDeserializer<CopiedValue>.Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
    {
        _record.ValueLength = isNull ? -1 : data.Length;
        Copy(data);
        return default;
    }

    /// <summary>Ends the record that the client has just given.</summary>
    public RawRecord Take(long offset, long timestampMs, Headers? headers)
    {
        if (headers is { Count: > 0 })
        {
            int length = KafkaHeaders.PackedLength(headers);
            MakeRoom(length);
            KafkaHeaders.Pack(headers, _block!.Span[_next..]);
            _record.HeadersLength = length;
            _next += length;
        }

        _record.Offset = offset;
        _record.TimestampMs = timestampMs;
        return _record;
    }

    public void Dispose()
    {
        _block?.Release();
        _block = null;
        _next = 0;
    }

    private void Copy(ReadOnlySpan<byte> data)
    {
        MakeRoom(data.Length);
        data.CopyTo(_block!.Span[_next..]);
        _next += data.Length;
    }

    // The bytes that the record has so far move to the new block.
    private void MakeRoom(int length)
    {
        if (_block is not null && _next + length <= _block.Length)
        {
            return;
        }

        int made = _next - _record.Start;
        int needed = made + length;

        // A record larger than a block gets a block of its own, which the garbage collector frees.
        Block next = needed <= pool.BlockSizeBytes ? pool.Rent() : new BlockPool(Math.Max(4096, needed), 1).Rent();
        if (_block is not null)
        {
            _block.Span.Slice(_record.Start, made).CopyTo(next.Span);
            _block.Release();
        }

        _block = next;
        _record.Start = 0;
        _next = made;
    }
}

/// <summary>Stands for a key that was copied.</summary>
internal readonly struct CopiedKey;

/// <summary>Stands for a value that was copied.</summary>
internal readonly struct CopiedValue;
