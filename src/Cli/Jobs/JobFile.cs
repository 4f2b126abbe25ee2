using System.Diagnostics;

namespace FastStream.Cli;

/// <summary>Finds the assembly for what the user names: an assembly, a project or a project's folder.</summary>
internal static class JobFile
{
    /// <summary>Returns the assembly's path; builds a project first.</summary>
    /// <exception cref="CommandException">The file or folder does not exist, or the project does not build.</exception>
    public static async Task<string> FindAsync(string named, CommandOutput output, CancellationToken cancellation)
    {
        if (Directory.Exists(named))
        {
            string[] projects = Directory.GetFiles(named, "*.*proj");
            named = projects is [var one]
                ? one : throw new CommandException(
                    $"{named} has {projects.Length} projects; a folder with one, a project or an assembly is expected.");
        }

        return Path.GetExtension(named).EndsWith("proj", StringComparison.Ordinal) && File.Exists(named)
            ? await BuildAsync(named, output, cancellation) : named;
    }

    private static async Task<string> BuildAsync(string project, CommandOutput output, CancellationToken cancellation)
    {
        await output.Errors.WriteLineAsync($"Building {project} …");
        var start = new ProcessStartInfo("dotnet",
            ["build", project, "-c", "Release", "-v", "quiet", "--nologo", "-restore", "-t:Build", "-getProperty:TargetPath"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment["DOTNET_NOLOGO"] = "1";
        using Process build = Process.Start(start)!;
        string printed = await build.StandardOutput.ReadToEndAsync(cancellation);
        await build.WaitForExitAsync(cancellation);
        string path = printed.Trim().Split('\n')[^1].Trim();
        return build.ExitCode == 0 && path.Length > 0
            ? path
            : throw new CommandException($"{project} does not build:\n{printed.Trim()}", ExitCode.Failed);
    }
}
