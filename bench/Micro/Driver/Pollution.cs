namespace FastStream.Bench.Micro;

/// <summary>
/// Makes the JIT's profile what it is in a real service: several pipelines share each operator's loop, so that its
/// guess which lambda comes is right for one of them at most.
/// </summary>
internal static class Pollution
{
    private const int Rounds = 4;
    private const int CallsARound = 60;   // twice what makes the JIT compile a method again

    // The JIT waits until no new method was compiled for 100 ms before it compiles the hot ones again.
    private static readonly TimeSpan JitPause = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Runs sibling pipelines in turn until their code is final. Call it before anything of the measured pipeline has
    /// run.
    /// </summary>
    /// <param name="siblings">Each runs one batch of one sibling.</param>
    public static void Run(params Action[] siblings)
    {
        for (int round = 0; round < Rounds; round++)
        {
            for (int call = 0; call < CallsARound; call++)
            {
                foreach (Action sibling in siblings)
                {
                    sibling();
                }
            }

            Thread.Sleep(JitPause);
        }
    }

    /// <summary>Runs siblings that are chains of one input.</summary>
    public static void Run<T>(T[] records, params ChainInput<T>[] siblings) =>
        Run([.. siblings.Select(sibling => (Action)(() => sibling.RunBatch(records)))]);
}
