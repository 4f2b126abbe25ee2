namespace FastStream.Bench.Load;

/// <summary>
/// Draws ranks with probability proportional to 1 / (rank + 1), by Walker's alias method: two random numbers a draw,
/// whatever the number of ranks. The exponent is exactly 1 because a power would differ between mathematical libraries.
/// </summary>
public sealed class ZipfDistribution
{
    private readonly int[] _alias;
    private readonly double[] _threshold;

    /// <summary>A distribution over the ranks 0 to <paramref name="rankCount"/> - 1.</summary>
    public ZipfDistribution(int rankCount)
    {
        double total = 0;
        for (int rank = 0; rank < rankCount; rank++)
        {
            total += 1.0 / (rank + 1);
        }

        _alias = new int[rankCount];
        _threshold = new double[rankCount];
        var poor = new Stack<int>();
        var rich = new Stack<int>();
        for (int rank = 0; rank < rankCount; rank++)
        {
            _alias[rank] = rank;
            _threshold[rank] = rankCount / (total * (rank + 1));
            (_threshold[rank] < 1 ? poor : rich).Push(rank);
        }

        // Each column below the average is filled up from one above it.
        while (poor.Count > 0 && rich.Count > 0)
        {
            int small = poor.Pop();
            int large = rich.Pop();
            _alias[small] = large;
            _threshold[large] -= 1 - _threshold[small];
            (_threshold[large] < 1 ? poor : rich).Push(large);
        }
    }

    /// <summary>Draws a rank.</summary>
    public int Next(RandomSource random)
    {
        int column = random.Below(_alias.Length);
        return random.NextFraction() < _threshold[column] ? column : _alias[column];
    }
}
