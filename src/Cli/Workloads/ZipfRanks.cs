namespace FastStream.Cli;

/// <summary>
/// Draws ranks by Zipf's law: rank r with probability proportional to 1 / (r + 1) to the power of the exponent; 0 draws
/// evenly.
/// </summary>
internal sealed class ZipfRanks
{
    private readonly double[] _sums;

    public ZipfRanks(int count, double exponent)
    {
        _sums = new double[count];
        double sum = 0;
        for (int rank = 0; rank < count; rank++)
        {
            sum += Math.Pow(rank + 1, -exponent);
            _sums[rank] = sum;
        }
    }

    /// <summary>Draws a rank, 0 to count - 1.</summary>
    public int Next(SeededRandom random)
    {
        int found = Array.BinarySearch(_sums, random.Fraction() * _sums[^1]);
        return Math.Min(_sums.Length - 1, found < 0 ? ~found : found);
    }
}
