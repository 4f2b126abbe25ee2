using System.Text;

namespace FastStream.Tests.Core;

/// <summary>
/// An input whose texts lie in blocks of the context's pool, as received ones do: overwritten as soon as nobody holds
/// the batch.
/// </summary>
/// <param name="context">Its pool gives the blocks; tests have it poison them.</param>
/// <param name="batches">The texts, batch by batch; empty batches follow.</param>
internal sealed class BlockLines(StreamingContext context, IReadOnlyList<IReadOnlyList<string>> batches)
    : InputDStream<Utf8Text>(context, "BlockLines")
{
    private int _next;

    protected internal override InputBatch<Utf8Text> Cut(BatchTime time)
    {
        if (_next == batches.Count || batches[_next].Count == 0)
        {
            _next = Math.Min(_next + 1, batches.Count);
            return RecordInputBatch.Empty<Utf8Text>();
        }

        var blocks = new List<Block>();
        int used = 0;
        Utf8Text[] texts = [.. batches[_next++].Select(Place)];
        return new RecordInputBatch<Utf8Text>([texts], _ => blocks.ForEach(block => block.Release()));

        Utf8Text Place(string line)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(line);
            if (blocks.Count == 0 || used + bytes.Length > blocks[^1].Length)
            {
                blocks.Add(Context.Blocks.Rent());
                used = 0;
            }

            bytes.CopyTo(blocks[^1].Span[used..]);
            used += bytes.Length;
            return new RecordBytes(blocks[^1], used - bytes.Length, bytes.Length).Text(0, bytes.Length);
        }
    }
}
