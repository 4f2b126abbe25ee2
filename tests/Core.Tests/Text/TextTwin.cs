namespace FastStream.Tests.Core.Text;

/// <summary>Random bytes as a text in a block, and the same bytes beside it as the plain twin.</summary>
internal sealed class TextTwin : IDisposable
{
    private readonly BlockPool _pool = new(4096, 64);
    private readonly List<Block> _blocks = [];

    /// <summary>A text over a copy of the bytes: somewhere in a block, or at its very end.</summary>
    public Utf8Text Text(Random random, byte[] bytes)
    {
        if (!_pool.TryRent(out Block? block))
        {
            block = _blocks[random.Next(_blocks.Count)];
            block.Retain();
        }

        _blocks.Add(block);
        int start = random.Next(2) == 0 ? block.Length - bytes.Length : random.Next(block.Length - bytes.Length);
        if (block.Holders > 1)
        {
            // Shared with texts that are still looked at: these bytes go to where nobody is.
            return Utf8Text.Intern(bytes);
        }

        random.NextBytes(block.Span);
        bytes.CopyTo(block.Span[start..]);
        return new RecordBytes(block, start, bytes.Length).Text(0, bytes.Length);
    }

    /// <summary>Bytes of few values, so that equal ones and common beginnings occur; lengths mostly around the inline border.</summary>
    public static byte[] Bytes(Random random, string alphabet)
    {
        int length =
            random.Next(4) switch { 0 => random.Next(4), 1 => random.Next(13, 19), 2 => random.Next(40), _ => random.Next(15, 17) };
        return Enumerable.Range(0, length).Select(_ => (byte)alphabet[random.Next(alphabet.Length)]).ToArray();
    }

    public void Dispose()
    {
        foreach (Block block in _blocks)
        {
            block.Release();
        }
    }
}
